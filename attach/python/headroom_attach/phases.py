"""Which phase of which step the program is in. Knows neither Torch nor the library: it is told of events, and tells `begin`.

A step ends with optimizer.step; the forward pass after it begins the next. Until then, forward
passes of several models, and repeated ones that keep a graph (gradient accumulation), belong to one step. Forward passes of one
model without a graph (validation, generation), and any in a program without an optimizer, are a step each.
"""
BUILD, FORWARD, BACKWARD, OPTIMIZER = range(4)


class Phases:
    def __init__(self, begin):
        self.begin = begin
        self.phase = BUILD
        self.step = 0
        self.has_optimizer = False  # set by who sees one made
        self.ended = True
        self.called = set()
        self.keeps_graph = False
        self.depth = 0  # of backward passes

    def _change(self, phase):
        if phase != self.phase:
            self.phase = phase
            self.begin(phase, self.step)

    def _starts_step(self, model, keeps_graph):
        if self.ended:
            return True
        if model not in self.called:
            return False
        return not self.has_optimizer or not self.keeps_graph

    def forward(self, model, keeps_graph):
        """The outermost call of a model's forward."""
        if self.depth > 0:
            return
        if self.phase == OPTIMIZER and not self.ended:  # a closure of the optimizer
            return self._change(FORWARD)
        if self._starts_step(model, keeps_graph):
            self.step += 1
            self.ended = False
            self.called.clear()
            self.keeps_graph = False
            self.phase = FORWARD
            self.begin(FORWARD, self.step)
        self.called.add(model)
        self.keeps_graph = self.keeps_graph or keeps_graph
        self._change(FORWARD)

    def begin_backward(self):
        self.depth += 1
        if self.depth == 1:
            self._change(BACKWARD)

    def end_backward(self, before=None):
        """`before`: the phase to go back to, where gradients were asked for in the middle of a forward pass."""
        self.depth -= 1
        if self.depth == 0 and before is not None:
            self._change(before)

    def begin_optimizer(self):
        if self.depth == 0:
            self._change(OPTIMIZER)

    def end_optimizer(self):
        self.ended = True
