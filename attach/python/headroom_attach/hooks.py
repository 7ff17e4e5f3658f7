"""Where Torch is touched: the calls of modules, backward passes, optimizers, Torch's own profiler.

Module.__call__ is wrapped rather than hooked: leaving is certain even when a forward raises, and torch.compile, which looks for
hooks, sees none. Inside a compiled region modules make no calls, and its bytes belong to the module that was compiled.
"""
import functools
import threading

from headroom_attach.modules import Layers
from headroom_attach.parameters import Parameters
from headroom_attach.phases import BACKWARD, Phases
from headroom_attach.tensors import Tagger, quick_address


def never_fails(method):
    """What goes wrong in here is no reason for the program to fail: labelling ends there, and the recording says so."""

    @functools.wraps(method)
    def guarded(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            self.active = False
            self.library.note(
                assumption="what the program's modules and optimizers are could not be followed to the end "
                f"({type(error).__name__}: {error}): later bytes have no layer of their own", key="hooks")
            return None

    return guarded


class State:
    """What the hooks share. `active` is False in a forked child, where everything goes on as if nothing were attached."""

    def __init__(self, torch, library, record_cpu):
        self.torch = torch
        self.library = library
        self.active = True
        self.record_cpu = record_cpu  # called once a worker process makes a module of its own
        self.layers = Layers(library)
        self.tagger = Tagger(library)
        self.parameters = Parameters(library, self.tagger)
        self.phases = Phases(library.phase)
        self.states = {}  # id(optimizer): addresses of its state
        self.threads = threading.local()

    def forget_process(self):
        self.active = False

    def open_layers(self):
        try:
            return self.threads.open_layers
        except AttributeError:
            self.threads.open_layers = []
            return self.threads.open_layers

    @never_fails
    def register_module(self, parent, name, child):
        if not self.active:
            return
        if self.record_cpu is not None:
            record, self.record_cpu = self.record_cpu, None
            record()
        self.layers.register(parent, name, child)

    @never_fails
    def entry_of(self, module, open_layers):
        return self.layers.entry(module, open_layers)

    @never_fails
    def tag_gradients(self):
        self.parameters.tag_gradients()

    @never_fails
    def begin_root(self, layer, root, arguments):
        if self.phases.depth > 0:
            return
        self.phases.forward(layer, self.torch.is_grad_enabled())
        self.layers.scan(root)
        self.parameters.refresh(root)
        self.tag_inputs(arguments, 0)

    def tag_inputs(self, value, depth):
        if isinstance(value, self.torch.Tensor):
            if value.grad_fn is None:
                self.tagger.tag(value, "input")
        elif depth < 4 and isinstance(value, (tuple, list)):
            for item in value:
                self.tag_inputs(item, depth + 1)
        elif depth < 4 and isinstance(value, dict):
            for item in value.values():
                self.tag_inputs(item, depth + 1)

    @never_fails
    def end_root(self, result):
        if self.torch.is_grad_enabled():
            return
        cache = getattr(result, "past_key_values", None)
        for layer in getattr(cache, "layers", None) or []:
            for tensor in (getattr(layer, "keys", None), getattr(layer, "values", None)):
                if isinstance(tensor, self.torch.Tensor):
                    self.tagger.tag(tensor, "kv_cache")

    @never_fails
    def tag_optimizer_state(self, optimizer):
        tensors = [
            (value, parameter)
            for parameter, state in optimizer.state.items()
            if isinstance(state, dict)
            for value in state.values()
            if isinstance(value, self.torch.Tensor)
        ]
        addresses = [quick_address(value) for value, _ in tensors]
        if addresses and addresses == self.states.get(id(optimizer)) and any(addresses):
            return
        self.states[id(optimizer)] = addresses
        for value, parameter in tensors:
            self.tagger.tag(value, "optimizer_state", self.parameters.layer_of(parameter, self.layers))


def leave_to_interpreter(torch, code):
    """torch.compile leaves this frame alone and looks at what it calls."""
    dynamo = torch._C._dynamo.eval_frame
    action = dynamo._FrameAction
    dynamo.set_code_exec_strategy(code, dynamo._FrameExecStrategy(action.SKIP, action.DEFAULT))


def wrap_calls(torch, state):
    original = torch.nn.Module.__call__
    compiling = torch.compiler.is_compiling
    known, library = state.layers.known, state.library
    enter, leave, open_layers_here = library.enter, library.leave, state.open_layers

    @functools.wraps(original)
    def call(self, *args, **kwargs):
        if compiling() or not state.active:
            return original(self, *args, **kwargs)
        open_layers = open_layers_here()
        entry = known.get(id(self))
        if entry is None or entry[0]() is not self:
            entry = state.entry_of(self, open_layers)
            if entry is None:
                return original(self, *args, **kwargs)
        layer = entry[1]
        is_root = not open_layers and entry[2] is not None
        if is_root:
            state.begin_root(layer, entry[2], (args, kwargs))
        open_layers.append(layer)
        enter(layer)
        try:
            result = original(self, *args, **kwargs)
        finally:
            leave()
            open_layers.pop()
        if is_root:
            state.end_root(result)
        return result

    leave_to_interpreter(torch, call.__code__)
    torch.nn.Module.__call__ = call


def wrap_backward(torch, state):
    def wrapped(original, returns_to_forward):
        @functools.wraps(original)
        def backward(*args, **kwargs):
            if torch.compiler.is_compiling() or not state.active:
                return original(*args, **kwargs)
            before = state.phases.phase if returns_to_forward else None
            state.phases.begin_backward()
            state.library.begin_backward()
            try:
                return original(*args, **kwargs)
            finally:
                state.library.end_backward()
                state.phases.end_backward(before)
                if state.phases.depth == 0:
                    state.tag_gradients()

        return backward

    torch.autograd.backward = wrapped(torch.autograd.backward, False)
    torch.autograd.grad = wrapped(torch.autograd.grad, True)


def watch_optimizers(torch, state):
    from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

    def before(optimizer, args, kwargs):
        if state.active and not torch.compiler.is_compiling():
            state.phases.begin_optimizer()

    def after(optimizer, args, kwargs):
        if state.active and not torch.compiler.is_compiling():
            state.phases.begin_optimizer()  # after a closure's backward
            state.tag_optimizer_state(optimizer)
            state.phases.end_optimizer()

    original = torch.optim.Optimizer.__init__

    @functools.wraps(original)
    def init(self, *args, **kwargs):
        if state.active and not state.phases.has_optimizer:
            state.phases.has_optimizer = True
            state.library.note(trains=True)
        original(self, *args, **kwargs)

    torch.optim.Optimizer.__init__ = init
    register_optimizer_step_pre_hook(before)
    register_optimizer_step_post_hook(after)


def watch_scaler(torch, state):
    """A scaler may skip the optimizer's step; the step of the program ends all the same."""
    scaler = torch.amp.GradScaler

    def wrapped(original, ends):
        @functools.wraps(original)
        def method(self, *args, **kwargs):
            if state.active:
                state.phases.begin_optimizer()
            result = original(self, *args, **kwargs)
            if state.active and ends:
                state.phases.end_optimizer()
            return result

        return method

    scaler.unscale_ = wrapped(scaler.unscale_, False)
    scaler.step = wrapped(scaler.step, True)


UNHEARD = "Torch's own profiler ran: what the CPU's allocator did on its threads meanwhile went to it and is missing here"


def make_way_for_profiler(torch, state, on_cpu):
    """Torch's profiler wants the place on the thread where the allocator's reports arrive."""
    profiler = torch.autograd.profiler

    def wrapped(original):
        @functools.wraps(original)
        def begin(*args, **kwargs):
            if state.active:
                state.library.make_way_for_profiler()
                if on_cpu:
                    state.library.note(assumption=UNHEARD, key="torch.profiler")
            return original(*args, **kwargs)

        return begin

    def ended(original):
        @functools.wraps(original)
        def end(*args, **kwargs):
            try:
                return original(*args, **kwargs)
            finally:
                if state.active:
                    state.library.profiler_ended()

        return end

    for name in ("_prepare_profiler", "_enable_profiler", "_enable_profiler_legacy"):
        if hasattr(profiler, name):
            setattr(profiler, name, wrapped(getattr(profiler, name)))
    for name in ("_disable_profiler", "_disable_profiler_legacy"):
        if hasattr(profiler, name):
            setattr(profiler, name, ended(getattr(profiler, name)))


def note_compiled(torch, state):
    original = torch.compile

    @functools.wraps(original)
    def compile_(*args, **kwargs):
        if state.active:
            state.library.note(
                assumption="torch.compile was used: inside a compiled region modules make no calls, so its bytes belong to "
                "the module that was compiled, and operators have the names of compiled kernels' buffers",
                key="torch.compile",
            )
        return original(*args, **kwargs)

    torch.compile = compile_


def install(torch, library, on_cpu=False, record_cpu=None):
    state = State(torch, library, record_cpu)
    torch.nn.modules.module.register_module_module_registration_hook(state.register_module)
    wrap_calls(torch, state)
    wrap_backward(torch, state)
    watch_optimizers(torch, state)
    watch_scaler(torch, state)
    make_way_for_profiler(torch, state, on_cpu)
    note_compiled(torch, state)
    return state
