// Writes node.tfrecord and node.tfrecord.gz: npm install tfrecord@0.2.0 && node write_node.js
const fs = require('fs');
const zlib = require('zlib');
const tfrecord = require('tfrecord');

async function main() {
  const writer = await tfrecord.createWriter('node.tfrecord');
  const builder = tfrecord.createBuilder();
  for (let i = 0; i < 5; i++) {
    builder.setInteger('number', i - 2);
    builder.setIntegers('image/class', i === 0 ? [] : [i, 1000 * i, 2 ** 40 + i]);
    builder.setFloats('weights', [0.5 * i, -1.25]);
    builder.setBinary('image/text', Buffer.from('风华正茂!'.slice(0, i + 1), 'utf8'));
    builder.setBinary('image/encoded', Buffer.alloc(100 * i + 1, i));
    await writer.writeExample(builder.releaseExample());
  }
  await writer.close();
  fs.writeFileSync('node.tfrecord.gz', zlib.gzipSync(fs.readFileSync('node.tfrecord')));
}

main();
