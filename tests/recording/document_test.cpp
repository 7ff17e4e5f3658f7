#include "recording/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/random_recording.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::message_of;
using testing_support::random_recording;

// The document of a recording after `change` to it.
template <class F>
std::string refusal(F change) {
  Json json = recording_document(random_recording(1, 40));
  change(json);
  return message_of(ExitCode::bad_input, [&] { parse_recording_document(json, "run"); });
}

TEST(RecordingDocument, IgnoresUnknownKeys) {
  Json json = recording_document(random_recording(1, 40));
  const Json original = json;
  json["invented"] = {{"later", true}};
  json["layers"][0]["colour"] = "red";
  RecordingDocument document = parse_recording_document(json, "run");
  document.recording.events.action.resize(document.event_count);
  document.recording.activity.activities.kind.resize(document.activity_count);
  EXPECT_EQ(recording_document(document.recording), original);
}

TEST(RecordingDocument, RefusesANewerSchema) {
  EXPECT_EQ(
      refusal([](Json& j) { j["schema"] = "headroom.recording/2"; }),
      "run: 'schema' is \"headroom.recording/2\", expected at most headroom.recording/1: a newer version of Headroom "
      "wrote it");
}

TEST(RecordingDocument, RefusesAForeignSchema) {
  for (const char* schema :
       {"headroom.report/1", "", "headroom.recording/", "headroom.recording/2x", "headroom.recording/0"})
    EXPECT_THAT(refusal([&](Json& j) { j["schema"] = schema; }),
                AllOf(HasSubstr("run: 'schema' is"), HasSubstr("expected headroom.recording/1")));
  EXPECT_THAT(refusal([](Json& j) { j.erase("schema"); }), HasSubstr("'schema' is missing"));
}

TEST(RecordingDocument, RefusesMissingParts) {
  for (const char* key : {"spec", "environment", "outcome", "model", "strings", "layers", "parameters", "marks",
                          "stats", "closed_forms", "assumptions", "event_count"})
    EXPECT_THAT(refusal([&](Json& j) { j.erase(key); }), HasSubstr(std::string("'") + key + "' is missing"));
}

TEST(RecordingDocument, NamesThePlaceOfAWrongValue) {
  EXPECT_THAT(refusal([](Json& j) { j["layers"][1]["kind"] = "blok"; }),
              HasSubstr("run: layers[1]: unknown kind 'blok'; did you mean 'block'?"));
  EXPECT_THAT(refusal([](Json& j) { j["parameters"][0]["shape"][1] = -8; }),
              HasSubstr("run: parameters[0]: shape[1]: 'extent' is -8"));
  EXPECT_THAT(refusal([](Json& j) { j["stats"]["peak_allocated_bytes"] = "many"; }),
              HasSubstr("run: stats: 'peak_allocated_bytes' is \"many\""));
  EXPECT_THAT(refusal([](Json& j) { j["spec"]["batch"] = 0; }), HasSubstr("run: spec: 'batch' is 0"));
  EXPECT_THAT(refusal([](Json& j) { j["strings"][2] = 5; }), HasSubstr("run: strings[2]: expected a text"));
  EXPECT_THAT(refusal([](Json& j) { j["marks"] = 5; }), HasSubstr("run: 'marks' is 5, expected an array"));
}

TEST(RecordingDocument, RefusesIdsOutsideTheirTables) {
  EXPECT_THAT(refusal([](Json& j) { j["parameters"][0]["layer"] = j["layers"].size(); }), HasSubstr("'layer' is"));
  EXPECT_THAT(refusal([](Json& j) { j["marks"][0]["event"] = 41; }), HasSubstr("'event' is 41"));
  EXPECT_THAT(refusal([](Json& j) { j["layers"] = Json::array(); }), HasSubstr("'layers'"));
  EXPECT_THAT(refusal([](Json& j) { j["strings"] = Json::array(); }), HasSubstr("'strings'"));
  EXPECT_THAT(refusal([](Json& j) { j["strings"][0] = "x"; }), HasSubstr("'strings'"));
}

TEST(RecordingDocument, RefusesLayersThatAreNoTree) {
  EXPECT_THAT(refusal([](Json& j) { j["layers"][2]["parent"] = 2; }), HasSubstr("run: layers[2]: 'parent' is 2"));
  EXPECT_THAT(refusal([](Json& j) { j["layers"][0]["parent"] = 1; }), HasSubstr("run: layers[0]: 'parent' is 1"));
}

TEST(RecordingDocument, RefusesAnAbsurdNumberOfEvents) {
  EXPECT_THAT(refusal([](Json& j) { j["event_count"] = 1LL << 32; }), HasSubstr("'event_count' is 4294967296"));
  EXPECT_THAT(refusal([](Json& j) { j["event_count"] = -1; }), HasSubstr("'event_count' is -1"));
}

}  // namespace
}  // namespace headroom
