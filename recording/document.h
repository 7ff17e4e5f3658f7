// The JSON document of a recording: everything but the columns. Keys are those of recording.h.
#pragma once

#include <string>

#include "recording/recording.h"

namespace headroom {

// "event_count" is events.size(); "activity" is there only when there is something to say.
Json recording_document(const Recording& recording);

// The parts of the document that others write too.
Json environment_document(const Environment& environment);
Environment parse_environment(const Json& json, const std::string& where);
Json outcome_document(const Outcome& outcome);
Outcome parse_outcome(const Json& json, const std::string& where);

struct RecordingDocument {
  Recording recording;  // without its events and activities
  std::int64_t event_count = 0, activity_count = 0;
};

// Throws bad_input, opening with `where`, on a foreign or newer schema, a missing or ill-typed key, an unknown name, an
// id out of range, or layers that do not form a tree. Unknown keys are ignored.
RecordingDocument parse_recording_document(const Json& json, const std::string& where);

}  // namespace headroom
