"""Where transformers' generate() ends on a virtual device.

It asks the device whether every sequence is finished, and a device that computes nothing says no for ever. That the longest
length is reached, the host knows by itself; then every sequence is finished, on a real device too. An end before that (an end of
sequence token) depends on values: state one at the line that the report names.
"""
import functools


class Length:
    def __init__(self):
        self.is_reached = False

    def watch(self, criterion):
        original = criterion.__call__

        @functools.wraps(original)
        def call(this, input_ids, *args, **kwargs):
            self.is_reached = input_ids.shape[1] >= this.max_length
            return original(this, input_ids, *args, **kwargs)

        criterion.__call__ = call

    def end(self, mixin):
        original = mixin._has_unfinished_sequences

        @functools.wraps(original)
        def has_unfinished_sequences(*args, **kwargs):
            unfinished = original(*args, **kwargs)  # reads a value, and so is named in the report
            reached, self.is_reached = self.is_reached, False
            return unfinished and not reached

        mixin._has_unfinished_sequences = has_unfinished_sequences


def end_at_longest_length(utils):
    """`utils`: the module transformers.generation.utils; one that is built otherwise is left alone."""
    mixin, criterion = getattr(utils, "GenerationMixin", None), getattr(utils, "MaxLengthCriteria", None)
    if criterion is not None and hasattr(mixin, "_has_unfinished_sequences"):
        length = Length()
        length.watch(criterion)
        length.end(mixin)
