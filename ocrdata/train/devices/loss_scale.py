"""Loss scaling: what keeps small gradients from vanishing in 16 bits.

Micikevicius et al.: Mixed Precision Training (2018). The loss is multiplied by a factor, and the
gradients are divided by it. A gradient that is not a number means that the factor was too large: it
is halved and the step is left out. After 2,000 good steps in a row it is doubled.
"""

from __future__ import annotations

from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.protocols import Batch, Gradients, Optimizer

_FIRST, _LARGEST, _PATIENCE = 2.0**15, 2.0**24, 2000


class LossScale:
    """No scaling: what 32 bits need."""

    def up(self, loss: Tensor) -> Tensor:
        """Returns the loss that gradients are taken of."""
        return loss

    def down(self, gradients: Gradients) -> Gradients:
        """Returns the gradients of the loss itself."""
        return gradients

    def apply(
        self, optimizer: Optimizer, gradients: Gradients, norm: Tensor, step: Tensor
    ) -> Tensor:
        """Returns the operation that changes the weights and counts the step."""
        return optimizer.apply_gradients(gradients, step)

    def fetches(self) -> Batch:
        """Returns what reports need to know."""
        return {}


class DynamicScale(LossScale):
    """A factor that follows the gradients; it is saved with the weights."""

    def __init__(self) -> None:
        with v1.variable_scope("loss_scale"):
            self._scale = self._variable("scale", _FIRST)
            self._good = self._variable("good_steps", 0.0)

    @staticmethod
    def _variable(name: str, value: float) -> Tensor:
        start = v1.constant_initializer(value)
        return v1.get_variable(name, [], tf.float32, start, trainable=False)

    def up(self, loss: Tensor) -> Tensor:
        return loss * self._scale

    def down(self, gradients: Gradients) -> Gradients:
        return [(gradient / self._scale, variable) for gradient, variable in gradients]

    def apply(
        self, optimizer: Optimizer, gradients: Gradients, norm: Tensor, step: Tensor
    ) -> Tensor:
        # The slots of the optimizer must not be made within a branch.
        optimizer._create_slots([variable for _, variable in gradients])
        good = tf.math.is_finite(norm)
        return tf.group(
            tf.cond(
                good,
                lambda: tf.group(optimizer.apply_gradients(gradients), self._grow()),
                lambda: tf.group(self._shrink()),
            ),
            v1.assign_add(step, 1),
        )

    def _grow(self) -> Tensor:
        done = self._good + 1.0
        full = done >= _PATIENCE
        larger = tf.minimum(self._scale * 2.0, _LARGEST)
        return tf.group(
            self._scale.assign(tf.where(full, larger, self._scale)),
            self._good.assign(tf.where(full, 0.0, done)),
        )

    def _shrink(self) -> Tensor:
        return tf.group(
            self._scale.assign(tf.maximum(self._scale / 2.0, 1.0)), self._good.assign(0.0)
        )

    def fetches(self) -> Batch:
        return {"loss_scale": self._scale.read_value()}


def make_scale(precision: str) -> LossScale:
    """Returns what a precision ("float32" or "mixed") needs."""
    return DynamicScale() if precision == "mixed" else LossScale()
