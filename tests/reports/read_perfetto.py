"""A trace as a reader sees it: Perfetto's own schema, names and texts by number, clocks of sequences."""
import collections
import pathlib

from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema

BEGIN, END, INSTANT, COUNTER = (schema.TrackEvent.TYPE_SLICE_BEGIN, schema.TrackEvent.TYPE_SLICE_END,
                                schema.TrackEvent.TYPE_INSTANT, schema.TrackEvent.TYPE_COUNTER)
BOOT_TIME = 6
NEEDS_STATE = schema.TracePacket.SEQ_NEEDS_INCREMENTAL_STATE
CLEARED = schema.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED

Event = collections.namedtuple("Event", "time type track name category value arguments flows ended_flows")
Slice = collections.namedtuple("Slice", "name category begin end depth arguments event")


class Broken(Exception):
    pass


def require(condition, what):
    if not condition:
        raise Broken(what)


class Sequence:
    """What a packet sequence has said so far."""

    def __init__(self, packet):
        require(packet.sequence_flags & CLEARED and packet.first_packet_on_sequence, "a sequence begins without its state")
        clocks = {clock.clock_id: clock for clock in packet.clock_snapshot.clocks}
        self.clock = packet.trace_packet_defaults.timestamp_clock_id
        own = clocks[self.clock]
        require(64 <= self.clock < 128 and own.is_incremental and BOOT_TIME in clocks, "the sequence's clock is not its own")
        self.offset = clocks[BOOT_TIME].timestamp - own.timestamp
        self.time = own.timestamp
        self.texts = collections.defaultdict(dict)

    def take(self, packet):
        self.time += packet.timestamp
        data = packet.interned_data
        for kind, entries in (("category", data.event_categories), ("name", data.event_names),
                              ("argument", data.debug_annotation_names)):
            for entry in entries:
                require(entry.iid not in self.texts[kind], f"number {entry.iid} stands for two of {kind}")
                self.texts[kind][entry.iid] = entry.name
        for entry in data.debug_annotation_string_values:
            require(entry.iid not in self.texts["text"], f"number {entry.iid} stands for two texts")
            self.texts["text"][entry.iid] = entry.str.decode("utf-8")

    def event(self, packet):
        require(packet.sequence_flags & NEEDS_STATE, "an event does not say that it needs names")
        e = packet.track_event
        arguments = {}
        for a in e.debug_annotations:
            name = self.texts["argument"][a.name_iid]
            require(name not in arguments, f"argument {name} twice")
            value = getattr(a, a.WhichOneof("value"))
            arguments[name] = self.texts["text"][value] if a.HasField("string_value_iid") else value
        return Event(self.time + self.offset, e.type, e.track_uuid, self.texts["name"][e.name_iid] if e.name_iid else "",
                     self.texts["category"][e.category_iids[0]] if e.category_iids else "", e.counter_value, arguments,
                     list(e.flow_ids), list(e.terminating_flow_ids))


class Trace:
    def __init__(self, path):
        trace = schema.Trace()
        trace.ParseFromString(pathlib.Path(path).read_bytes())
        self.tracks, self.processes, self.events = {}, {}, []
        sequences = {}
        for packet in trace.packet:
            number = packet.trusted_packet_sequence_id
            if number not in sequences:
                sequences[number] = Sequence(packet)
                continue
            sequences[number].take(packet)
            if packet.HasField("track_descriptor"):
                self.describe(packet.track_descriptor)
            if packet.HasField("track_event"):
                event = sequences[number].event(packet)
                require(event.track in self.tracks, f"an event on track {event.track}, which nobody described")
                self.events.append(event)

    def describe(self, track):
        require(track.uuid not in self.tracks, f"track {track.uuid} described twice")
        self.tracks[track.uuid] = track
        if track.HasField("process"):
            self.processes[track.uuid] = track.process
        else:
            require(track.parent_uuid in self.processes, f"track '{track.name}' is of no process")

    def named(self, name, process=None):
        return [uuid for uuid, track in self.tracks.items()
                if track.name == name and (process is None or track.parent_uuid == process)]

    def of(self, *tracks):
        return [event for event in self.events if event.track in tracks]

    def counter(self, name, process=None):
        (track,) = self.named(name, process)
        return [(event.time, event.value) for event in self.of(track)]

    def slices(self, track):
        """Of one track, in the order they begin; raises where they do not nest."""
        found, open_slices, last = [], [], 0
        for event in self.of(track):
            require(event.time >= last, f"time runs backwards on {self.tracks[track].name}")
            last = event.time
            if event.type == BEGIN:
                require(event.name, "a slice without a name")
                found.append([event, None, len(open_slices)])
                open_slices.append(found[-1])
            elif event.type == END:
                require(open_slices, f"an end without a beginning on {self.tracks[track].name}")
                open_slices.pop()[1] = event.time
        require(not open_slices, f"{len(open_slices)} slices of {self.tracks[track].name} do not end")
        return [Slice(e.name, e.category, e.time, end, depth, e.arguments, e) for e, end, depth in found]

    def instants(self, *tracks):
        return [event for event in self.of(*tracks) if event.type == INSTANT]
