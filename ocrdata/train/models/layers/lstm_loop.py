"""The steps of an LSTM in a loop, with a gradient of their own: the form that suits processors.

The automatic gradient of a loop multiplies for the kernel's gradient in every step, turns the
kernel around in every step, and derives each gate by itself. Here the derivatives of all gates in
all steps are taken at once, the loop backwards does what depends on the step behind it only, and
one product gives the kernel's gradient. The values are those of the automatic one, to rounding,
which tests/test_train_blocks.py holds it to.

Gates are i, j, f, o (input, candidate, forget, output), side by side in [B, 4U].
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Tuple

from ocrdata.train.compat import Tensor, tf


class LstmTrace(NamedTuple):
    """What the steps gave: outputs and cells [T, B, U], gates [T, B, 4U] as they were applied."""

    outputs: Tensor
    cells: Tensor
    gates: Tensor


@tf.custom_gradient
def lstm_steps(entries: Tensor, recurrent: Tensor) -> Tuple[Tensor, Callable[[Tensor], Any]]:
    """Returns the outputs [T, B, U] of an LSTM that begins with zeros.

    `entries` [T, B, 4U] is what the inputs give the gates, biases included; `recurrent` [U, 4U]
    the kernel of the outputs of the step before.
    """
    trace = trace_steps(entries, recurrent)

    def gradient(slope: Tensor) -> Tuple[Tensor, Tensor]:
        slopes = _gate_slopes(slope, trace, recurrent)
        units = int(recurrent.shape[0])
        before = tf.reshape(_delayed(trace.outputs), [-1, units])
        after = tf.reshape(slopes, [-1, 4 * units])
        return slopes, tf.matmul(before, after, transpose_a=True)

    return trace.outputs, gradient


def trace_steps(entries: Tensor, recurrent: Tensor) -> LstmTrace:
    """Runs the steps; the gradient of this is the automatic one."""
    units, length = int(recurrent.shape[0]), tf.shape(entries)[0]
    source = _array(entries)

    def advance(time: Tensor, output: Tensor, cell: Tensor, *kept: Any) -> Tuple[Any, ...]:
        given = source.read(time)
        given.set_shape([None, 4 * units])
        output, cell, gates = _step(given + tf.matmul(output, recurrent), cell)
        written = [array.write(time, one) for array, one in zip(kept, (output, cell, gates))]
        return (time + 1, output, cell, *written)

    start = tf.zeros(tf.stack([tf.shape(entries)[1], units]), entries.dtype)
    kept = [tf.TensorArray(entries.dtype, length) for _ in range(3)]
    state = (tf.constant(0), start, start, *kept)
    found = tf.while_loop(lambda time, *_: time < length, advance, state)[3:]
    return LstmTrace(*(_stacked(one, n * units) for one, n in zip(found, (1, 1, 4))))


def _step(gates: Tensor, cell: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    entry, candidate, forget, output = tf.split(gates, 4, axis=1)
    entry, candidate = tf.sigmoid(entry), tf.tanh(candidate)
    forget, output = tf.sigmoid(forget), tf.sigmoid(output)
    cell = cell * forget + entry * candidate
    applied = tf.concat([entry, candidate, forget, output], 1)
    return tf.tanh(cell) * output, cell, applied


def _gate_slopes(slope: Tensor, trace: LstmTrace, recurrent: Tensor) -> Tensor:
    """Returns the gradient of what the gates were given, [T, B, 4U], from that of the outputs."""
    units, length = int(recurrent.shape[0]), tf.shape(slope)[0]
    turned = tf.transpose(recurrent)
    entry, candidate, forget, output = tf.split(trace.gates, 4, axis=2)
    bent = tf.tanh(trace.cells)
    through = output * (1.0 - bent * bent)  # of the cell, from the output
    factors = [
        candidate * entry * (1.0 - entry),
        entry * (1.0 - candidate * candidate),
        _delayed(trace.cells) * forget * (1.0 - forget),
        bent * output * (1.0 - output),
    ]
    given = [_array(one) for one in (slope, through, forget, tf.concat(factors, 2))]

    def retreat(time: Tensor, output: Tensor, cell: Tensor, slopes: Any) -> Tuple[Any, ...]:
        own, through, forget, factors = (array.read(time) for array in given)
        output = output + own
        cell = cell + output * through
        gates = tf.concat([cell, cell, cell, output], 1) * factors
        gates.set_shape([None, 4 * units])
        return time - 1, tf.matmul(gates, turned), cell * forget, slopes.write(time, gates)

    zeros = tf.zeros_like(trace.outputs[0])
    state = (length - 1, zeros, zeros, tf.TensorArray(slope.dtype, length))
    found = tf.while_loop(lambda time, *_: time >= 0, retreat, state)[3]
    return _stacked(found, 4 * units)


def _delayed(values: Tensor) -> Tensor:
    """Returns each step's value before it: zeros, then all but the last."""
    return tf.concat([tf.zeros_like(values[:1]), values[:-1]], 0)


def _array(values: Tensor) -> Any:
    return tf.TensorArray(values.dtype, tf.shape(values)[0]).unstack(values)


def _stacked(array: Any, size: int) -> Tensor:
    values = array.stack()
    values.set_shape([None, None, size])
    return values
