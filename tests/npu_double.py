"""A stand-in for Huawei's npu_bridge: records calls, and refuses what the real one would.

It holds what the public documentation of the TF Adapter for 1.15 says: which options there are,
what must be off, what comes before what, fixed shapes, no Python in the graph. Graphs then run on
the processor.
"""

from __future__ import annotations

import sys
import types

OPTIONS = {
    "use_off_line",
    "precision_mode",
    "hcom_parallel",
    "graph_run_mode",
    "iterations_per_loop",
    "enable_data_pre_proc",
    "mix_compile_mode",
}
PRECISIONS = ("allow_mix_precision", "allow_fp32_to_fp16", "must_keep_origin_dtype")
HOST = ("IteratorV2", "IteratorGetNext", "Placeholder", "VarHandleOp", "Const")


class Refused(Exception):
    """What the real adapter would not take."""


class Double:
    """The package, and the transcript of what was done with it."""

    def __init__(self, monkeypatch, size):
        from ocrdata.train.compat import tf, v1

        self.tf, self.v1, self.size, self.lines = tf, v1, size, []
        self.ready, self.sent, self.steps = False, set(), 0
        module = types.ModuleType("npu_bridge.npu_init")
        for name in ("NPUDistributedOptimizer", "NPULossScaleOptimizer"):
            setattr(module, name, self._optimizer(name))
        module.ExponentialUpdateLossScaleManager = self._manager
        module.npu_ops = types.SimpleNamespace(
            initialize_system=lambda: tf.no_op(name="InitializeSystem"),
            shutdown_system=lambda: tf.no_op(name="ShutdownSystem"),
        )
        module.hccl_ops = types.SimpleNamespace(broadcast=self._broadcast)
        module.util = types.SimpleNamespace(IterationPerLoop=lambda: _Loop(self))
        package = types.ModuleType("npu_bridge")
        package.npu_init = module
        monkeypatch.setitem(sys.modules, "npu_bridge", package)
        monkeypatch.setitem(sys.modules, "npu_bridge.npu_init", module)
        self._watch_sessions(monkeypatch)

    def say(self, text, *values):
        self.lines.append(text.format(*values))

    def _manager(
        self,
        init_loss_scale,
        incr_every_n_steps,
        decr_every_n_nan_or_inf=2,
        incr_ratio=2,
        decr_ratio=0.8,
    ):
        self.say(
            "loss scale from {:g}, x {} after {} good steps, x {} after {} bad ones",
            init_loss_scale,
            incr_ratio,
            incr_every_n_steps,
            decr_ratio,
            decr_every_n_nan_or_inf,
        )
        scale = self.v1.get_variable(
            "npu_loss_scale", initializer=float(init_loss_scale), trainable=False
        )
        return types.SimpleNamespace(get_loss_scale=lambda: scale)

    def _optimizer(self, name):
        double = self

        class Optimizer(self.v1.train.Optimizer):
            def __init__(self, opt, loss_scale_manager=None, is_distributed=False):
                several = "Distributed" in name
                if several and (double.size < 2 or hasattr(opt, "npu")):
                    raise Refused("NPUDistributedOptimizer goes inside, and needs several ranks")
                if not several and is_distributed != (double.size > 1):
                    raise Refused("is_distributed does not say how many ranks there are")
                super().__init__(False, name)
                self.inner, self.npu = opt, name
                inside = getattr(opt, "npu", type(opt).__name__)
                double.say("{} around {}", name, inside)

            def compute_gradients(self, *args, **kwargs):
                return self.inner.compute_gradients(*args, **kwargs)

            def apply_gradients(self, *args, **kwargs):
                return self.inner.apply_gradients(*args, **kwargs)

        return Optimizer

    def _broadcast(self, tensor, root_rank):
        if not isinstance(tensor, list) or len(tensor) != 1 or root_rank != 0:
            raise Refused("broadcast takes a list, and sends from rank 0")
        self.sent.add(tensor[0].op.name)
        with self.tf.name_scope("HcomBroadcast"):
            return [self.tf.identity(tensor[0])]

    def _watch_sessions(self, monkeypatch):
        from tensorflow.python.client import session as sessions

        double, make, run = self, sessions.BaseSession.__init__, sessions.BaseSession.run

        def __init__(self, target="", graph=None, config=None):
            optimizers = config.graph_options.rewrite_options.custom_optimizers if config else []
            self.npu = [each for each in optimizers if each.name == "NpuOptimizer"]
            if self.npu:
                double.check_options(config)
                config = type(config).FromString(config.SerializeToString())
                del config.graph_options.rewrite_options.custom_optimizers[:]
            make(self, target, graph, config)

        def watched(self, fetches, feed_dict=None, options=None, run_metadata=None):
            if self.npu:
                double.check_run(self, fetches)
            return run(self, fetches, feed_dict, options, run_metadata)

        monkeypatch.setattr(sessions.BaseSession, "__init__", __init__)
        monkeypatch.setattr(sessions.BaseSession, "run", watched)

    def check_options(self, config):
        rewrites = config.graph_options.rewrite_options
        if rewrites.remapping != rewrites.OFF or rewrites.memory_optimization != rewrites.OFF:
            raise Refused("remapping and memory optimisation must be off")
        values = rewrites.custom_optimizers[0].parameter_map
        unknown = set(values) - OPTIONS
        if unknown:
            raise Refused(f"no option is called {sorted(unknown)}")
        if values["precision_mode"].s.decode() not in PRECISIONS:
            raise Refused("no precision is called {}".format(values["precision_mode"].s))
        if self.size > 1 and not values["hcom_parallel"].b:
            raise Refused("several ranks need hcom_parallel")
        told = [
            "{}={}".format(name, str(values[name]).strip().split(": ")[1])
            for name in sorted(values)
        ]
        self.say("session: {}", ", ".join(told))

    def check_run(self, session, fetches):
        names = {op.name for op in _operations(self.tf, fetches)}
        if "InitializeSystem" in names:
            self.ready = True
            self.say("initialize_system")
        elif "ShutdownSystem" in names:
            self.say("train: {} steps", self.steps)
            self.say("shutdown_system")
            self.ready = False
        elif not self.ready:
            raise Refused("initialize_system comes first")
        else:
            self._check_work(_ancestors(_operations(self.tf, fetches)))

    def _check_work(self, ops):
        if any("HcomBroadcast" in op.name for op in ops):
            self.say("broadcast from rank 0: {} variables", len(self.sent))
            self.sent = {"done"}
        if not any(op.type.startswith("ResourceApply") for op in ops):
            return
        if self.size > 1 and self.sent != {"done"}:
            raise Refused("weights are broadcast before the first step")
        if not self.steps:
            self._check_graph(ops)
        self.steps += 1

    def _check_graph(self, ops):
        for op in ops:
            if op.type in ("PyFunc", "PyFuncStateless", "EagerPyFunc"):
                raise Refused(f"Python in the graph: {op.name}")
        loose = sorted(name for op in ops for name in _loose(op))
        if loose:
            raise Refused("shapes that are not fixed: " + "; ".join(loose[:40]))
        found = [op for op in ops if op.type == "IteratorGetNext"]
        for number, output in enumerate(sorted(found, key=lambda op: op.name)[0].outputs):
            self.say("input {}: {} {}", number, output.dtype.name, output.shape.as_list())


class _Loop:
    def __init__(self, double):
        self.double = double

    def create_iteration_per_loop_var(self, train_op):
        return self.double.tf.group(train_op, name="IterationOp")

    def load_iteration_per_loop_var(self, session, iterations):
        self.double.say("{} iterations a loop", iterations)


def _operations(tf, fetches):
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    if isinstance(fetches, (list, tuple)):
        return [op for each in fetches for op in _operations(tf, each)]
    if isinstance(fetches, tf.Operation):
        return [fetches]
    return [fetches.op] if hasattr(fetches, "op") else []


def _loose(op):
    """Yields the outputs of an operation whose shapes are not known when it is compiled."""
    if op._get_control_flow_context() is not None or op.type.startswith(("TensorArray", "Exit")):
        return  # the compiler splits loops by itself
    if op.type == "BroadcastGradientArgs":
        return  # arithmetic with shapes, done away with before anything runs
    # What 1.15 keeps of batch normalisation for its own gradient has no shape there.
    outputs = op.outputs[:5] if op.type == "FusedBatchNormV3" else op.outputs
    for output in outputs:
        if not output.shape.is_fully_defined():
            yield f"{op.name} ({op.type}) {output.shape}"


def _ancestors(ops):
    """Returns the operations that are offloaded: all behind the input."""
    seen, waiting = {}, list(ops)
    while waiting:
        op = waiting.pop()
        if op.name in seen:
            continue
        seen[op.name] = op
        if op.type not in ("IteratorGetNext",):
            waiting.extend(tensor.op for tensor in op.inputs)
            waiting.extend(op.control_inputs)
    return [op for op in seen.values() if op.type not in HOST[:1]]
