"""Connectionist temporal classification (Graves et al. 2006): losses, and probabilities of texts.

Scores are time-major [T, B, classes] with the blank as the last class, `lengths` int32 [B] count
time steps, `classes` int32 [B, L] are padded with -1.
"""

from __future__ import annotations

from ocrdata.train.compat import Tensor, tf, v1


def losses(logits: Tensor, lengths: Tensor, classes: Tensor, skip_long: bool) -> Tensor:
    """Returns the CTC losses, float32 [B], of classes [B, L] padded with -1.

    With `skip_long`, labels that need more time steps than there are have no loss.
    """
    used = classes
    if skip_long:
        # TensorFlow's own way out does not count the step between equal neighbours.
        fits = _steps_needed(classes) <= lengths
        # Of the others one class stays, as CTC takes no empty label; its loss is not used.
        first = tf.one_hot(0, tf.shape(classes)[1], dtype=tf.int32)
        keep = tf.maximum(tf.cast(fits, tf.int32)[:, tf.newaxis], first)
        used = (classes + 1) * keep - 1
    where = v1.where(used >= 0)
    shape = tf.cast(tf.shape(used), tf.int64)
    found = v1.nn.ctc_loss(
        labels=tf.SparseTensor(where, tf.gather_nd(used, where), shape),
        inputs=logits,
        sequence_length=lengths,
    )
    return tf.where(fits, found, tf.zeros_like(found)) if skip_long else found


def _steps_needed(classes: Tensor) -> Tensor:
    """Returns how many steps labels take, int32 [B]: one a class, one between equal neighbours."""
    used = classes >= 0
    repeats = tf.equal(classes[:, 1:], classes[:, :-1]) & used[:, 1:]
    return tf.reduce_sum(tf.cast(used, tf.int32), 1) + tf.reduce_sum(tf.cast(repeats, tf.int32), 1)


def static_losses(logits: Tensor, lengths: Tensor, classes: Tensor) -> Tensor:
    """Returns the losses of labels that fit, in operations whose shapes are all fixed."""
    return tf.compat.v2.nn.ctc_loss(
        labels=tf.maximum(classes, 0),
        logits=logits,
        label_length=tf.reduce_sum(tf.cast(classes >= 0, tf.int32), 1),
        logit_length=lengths,
        blank_index=int(logits.shape[2]) - 1,
    )


def even_losses(logits: Tensor, lengths: Tensor, classes: Tensor) -> Tensor:
    """Returns the losses, float32 [B], of labels whose classes are evenly spaced over their lines.

    Each time step is to be the class that would be there; the loss is the mean cross entropy of the
    steps times the classes, to be like CTC's. Labels that have no room are left out.
    """
    steps, counts = tf.range(tf.shape(logits)[0])[:, tf.newaxis], tf.cast(classes >= 0, tf.int32)
    counts = tf.reduce_sum(counts, 1)
    room = tf.maximum(lengths, 1)
    places = tf.minimum((2 * steps + 1) * counts // (2 * room), tf.maximum(counts - 1, 0))
    wanted = tf.gather(tf.maximum(classes, 0), tf.transpose(places), batch_dims=1)
    found = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.transpose(wanted), logits=logits
    )
    found = tf.reduce_sum(tf.where(steps < lengths, found, tf.zeros_like(found)), 0)
    fits = tf.cast(_steps_needed(classes) <= lengths, tf.float32)
    return found * fits * tf.cast(counts, tf.float32) / tf.cast(room, tf.float32)


def text_probabilities(scores: Tensor, lengths: Tensor, classes: Tensor) -> Tensor:
    """Returns the probabilities, float32 [B], of texts; an empty one is blanks only."""
    empty = tf.reduce_all(classes < 0, 1)
    # CTC takes no empty label: another one stands in, whose loss is not used.
    classes = tf.concat([classes, tf.fill(tf.stack([tf.shape(classes)[0], 1]), -1)], 1)
    first = tf.where(empty, tf.zeros_like(classes[:, 0]), classes[:, 0])
    classes = tf.concat([first[:, tf.newaxis], classes[:, 1:]], 1)
    inside = tf.sequence_mask(lengths, tf.shape(scores)[0], tf.float32)
    blank = tf.reduce_sum(tf.transpose(scores[:, :, -1]) * inside, 1)
    return tf.exp(tf.where(empty, blank, -losses(scores, lengths, classes, True)))
