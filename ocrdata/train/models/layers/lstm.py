"""LSTM layers in three forms, of which each suits other machines, over the same variables.

Variables carry the names of the classic LSTM cell (kernel, bias), so that published checkpoints
restore by name. Sequences are time-major [T, B, D].
"""

from __future__ import annotations

from typing import List, Tuple

from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.models.layers.blocks import glorot_uniform, variable
from ocrdata.train.models.layers.lstm_loop import lstm_steps

FORGET_BIAS = 1.0


def lstm(inputs: Tensor, units: int, form: str) -> Tensor:
    """Runs an LSTM layer (gates i, j, f, o; forget bias 1) over [T, B, D] into [T, B, units].

    `form` is "block" (one fused operation, for CPU and GPU), "loop" (tf.while_loop) or "unrolled"
    (static T); all three use the same variables and agree to rounding.
    """
    size = int(inputs.shape[-1])
    kernel = variable("kernel", (size + units, 4 * units), glorot_uniform())
    bias = variable("bias", (4 * units,), v1.zeros_initializer())
    return _LSTM_FORMS[form](inputs, kernel, bias, units)


def _lstm_block(inputs: Tensor, kernel: Tensor, bias: Tensor, units: int) -> Tensor:
    start = tf.zeros(tf.stack([tf.shape(inputs)[1], units]))
    peephole = tf.zeros([units])
    result = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.cast(tf.shape(inputs)[0], tf.int64),
        x=inputs,
        cs_prev=start,
        h_prev=start,
        w=kernel,
        wci=peephole,
        wcf=peephole,
        wco=peephole,
        b=bias,
        forget_bias=FORGET_BIAS,
        cell_clip=-1.0,
        use_peephole=False,
    )
    result.h.set_shape([inputs.shape[0], inputs.shape[1], units])
    return result.h


def _cell(gates: Tensor, memory: Tensor) -> Tuple[Tensor, Tensor]:
    entry, update, forget, output = tf.split(gates, 4, axis=1)
    kept = memory * tf.sigmoid(forget + FORGET_BIAS)
    memory = kept + tf.sigmoid(entry) * tf.tanh(update)
    return tf.tanh(memory) * tf.sigmoid(output), memory


def _gate_inputs(inputs: Tensor, kernel: Tensor, bias: Tensor) -> Tuple[Tensor, Tensor]:
    size = int(inputs.shape[-1])
    entry, recurrent = tf.split(kernel, [size, int(kernel.shape[0]) - size])
    gates = tf.nn.bias_add(tf.matmul(tf.reshape(inputs, [-1, size]), entry), bias)
    return tf.reshape(gates, tf.concat([tf.shape(inputs)[:2], bias.shape], 0)), recurrent


def _lstm_unrolled(inputs: Tensor, kernel: Tensor, bias: Tensor, units: int) -> Tensor:
    gates, recurrent = _gate_inputs(inputs, kernel, bias)
    outputs: List[Tensor] = []
    hidden = memory = None
    for gate in tf.unstack(gates, int(inputs.shape[0])):
        if hidden is None:
            hidden = memory = tf.zeros_like(gate[:, :units])
        hidden, memory = _cell(gate + tf.matmul(hidden, recurrent), memory)
        outputs.append(hidden)
    return tf.stack(outputs)


def _lstm_loop(inputs: Tensor, kernel: Tensor, bias: Tensor, units: int) -> Tensor:
    forget = tf.one_hot(2, 4, FORGET_BIAS, dtype=tf.float32)
    bias = bias + tf.reshape(tf.tile(forget[:, tf.newaxis], [1, units]), [-1])
    outputs = lstm_steps(*_gate_inputs(inputs, kernel, bias))
    outputs.set_shape([inputs.shape[0], inputs.shape[1], units])
    return outputs


_LSTM_FORMS = {"block": _lstm_block, "loop": _lstm_loop, "unrolled": _lstm_unrolled}


def bidirectional_lstm(
    inputs: Tensor, units: int, *, lengths: Tensor, name: str, form: str
) -> Tensor:
    """Reads [T, B, D] both ways into [T, B, 2 * units].

    The way back starts at each sequence's own end (`lengths`, int32 [B]), so that what lies behind
    the end changes nothing before it.
    """
    with v1.variable_scope(name):
        with v1.variable_scope("fw/lstm_cell"):
            forward = lstm(inputs, units, form)
        with v1.variable_scope("bw/lstm_cell"):
            turned = tf.reverse_sequence(inputs, lengths, seq_axis=0, batch_axis=1)
            backward = lstm(turned, units, form)
            backward = tf.reverse_sequence(backward, lengths, seq_axis=0, batch_axis=1)
    return tf.concat([forward, backward], 2)
