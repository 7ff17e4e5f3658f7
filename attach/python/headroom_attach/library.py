"""headroom-attach.so through ctypes: attach/api.h. PyDLL: a call keeps the interpreter's lock, which makes it cheap."""
import ctypes
import json


class Library:
    def __init__(self, path):
        self.c = ctypes.PyDLL(path, mode=ctypes.RTLD_GLOBAL)
        self.start = self._function("headroom_attach_start", ctypes.c_char_p, ctypes.c_char_p)
        self.before_cuda = self._function("headroom_before_cuda", ctypes.c_char_p)
        self.attach_cuda = self._function("headroom_attach_cuda", ctypes.c_char_p)
        self.attach_cpu = self._function("headroom_attach_cpu", None)
        self.finish = self._function("headroom_finish", None)
        self.enter = self._function("headroom_enter", None, ctypes.c_uint32)
        self.leave = self._function("headroom_leave", None)
        self.phase = self._function("headroom_phase", None, ctypes.c_int, ctypes.c_int)
        self.begin_backward = self._function("headroom_begin_backward", None)
        self.end_backward = self._function("headroom_end_backward", None)
        self.tag = self._function(
            "headroom_tag", None, ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_int64, ctypes.c_char_p
        )
        self.variable = self._function("headroom_variable", None, ctypes.c_uint64, ctypes.c_uint32)
        self.make_way_for_profiler = self._function("headroom_make_way_for_profiler", None)
        self.profiler_ended = self._function("headroom_profiler_ended", None)
        self._note = self._function("headroom_note", None, ctypes.c_char_p)
        self._note_for = self._function("headroom_note_for", None, ctypes.c_int, ctypes.c_char_p)

    def _function(self, name, result, *arguments):
        function = getattr(self.c, name)
        function.restype = result
        function.argtypes = arguments
        return function

    def note(self, **note):
        self._note(json.dumps(note).encode())

    def note_for(self, device, **note):
        self._note_for(device, json.dumps(note).encode())
