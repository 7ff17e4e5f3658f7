#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::message_of;
using testing_support::TemporaryFolder;

std::string refusal(std::string_view text, JsonLimits limits = {}) {
  return message_of(ExitCode::bad_input, [&] { parse_json(text, "f.json", limits); });
}

TEST(ParseJson, ReadsADocument) {
  const Json json = parse_json(R"({"b": [1, 2], "a": "text"})", "f.json");
  EXPECT_EQ(json["b"][1], 2);
  EXPECT_EQ(json.begin().key(), "b");
}

TEST(ParseJson, TakesTheLastOfEqualKeys) { EXPECT_EQ(parse_json(R"({"a": 1, "a": 2})", "f")["a"], 2); }

TEST(ParseJson, TellsLineAndColumnOfASyntaxError) {
  EXPECT_THAT(refusal("{\n  \"a\": 1,\n  \"b\" 2\n}"),
              AllOf(HasSubstr("f.json: not valid JSON"), HasSubstr("line 3, column 7")));
  EXPECT_THAT(refusal("{\"a\": 1"), HasSubstr("line 1, column 8"));
  EXPECT_THAT(refusal(""), HasSubstr("line 1, column 1"));
  EXPECT_THAT(refusal("{} x"), HasSubstr("line 1, column 4"));
}

TEST(ParseJson, RefusesOtherText) {
  EXPECT_THAT(refusal("\xff\xfe"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(std::string("\0\0", 2)), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("[1e999]"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("[\"\\ud800\"]"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("[NaN]"), HasSubstr("not valid JSON"));
}

TEST(ParseJson, KeepsMessagesShort) { EXPECT_LT(refusal("\"" + std::string(1 << 20, 'x')).size(), 400u); }

TEST(ParseJson, RefusesTextBeyondTheSizeLimit) {
  EXPECT_THAT(refusal(std::string(100'000'000, '[')), HasSubstr("95.4 MiB of JSON, at most 4.00 MiB are read"));
}

TEST(ParseJson, RefusesNestingBeyondTheDepthLimit) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parse_json(nested(64), "f"));
  EXPECT_THAT(refusal(nested(65)), HasSubstr("nested deeper than 64 levels at line 1, column 65"));
  EXPECT_THAT(refusal(std::string(4 << 20, '[')), HasSubstr("nested deeper"));
  EXPECT_NO_THROW(parse_json("\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\"", "f"));
}

TEST(ParseJson, RefusesObjectsBeyondTheMemberLimit) {
  const auto object = [](int members) {
    std::string text = "{\"k0\": [1,2,3,4,5]";
    for (int i = 1; i < members; ++i) text += ",\"k" + std::to_string(i) + "\": 0";
    return text + "}";
  };
  const JsonLimits limits{.members = 4};
  EXPECT_NO_THROW(parse_json(object(4), "f", limits));
  EXPECT_THAT(refusal(object(5), limits), HasSubstr("more than 4 members"));
}

TEST(ParseJsonFile, NamesTheFile) {
  TemporaryFolder folder;
  write_file(folder / "bad.json", "{");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { parse_json_file(folder / "bad.json"); }),
              HasSubstr("bad.json: not valid JSON"));
}

class Reader : public testing::Test {
 protected:
  template <class F>
  std::string complaint(F read) {
    return message_of(ExitCode::bad_input, [&] { read(reader); });
  }
  const Json json = parse_json(R"({"whole": 12, "word": "twelve", "point": 12.0, "yes": true, "none": null,
    "huge": 18446744073709551615, "list": [1], "map": {}, "negative": -3})",
                               "f");
  const JsonReader reader{json, "f.json"};
};

TEST_F(Reader, ReadsTypedMembers) {
  EXPECT_EQ(reader.integer("whole", 1, 12), 12);
  EXPECT_EQ(reader.integer("negative", -3, 0), -3);
  EXPECT_EQ(reader.number_or("point", 0, 0, 100), 12.0);
  EXPECT_EQ(reader.number_or("whole", 0, 0, 100), 12.0);
  EXPECT_EQ(reader.string("word"), "twelve");
  EXPECT_TRUE(reader.boolean_or("yes", false));
  EXPECT_EQ(reader.member("list").size(), 1u);
}

TEST_F(Reader, TakesTheFallbackForAbsentAndNull) {
  EXPECT_FALSE(reader.has("none"));
  EXPECT_EQ(reader.integer_or("none", 7, 0, 1), 7);
  EXPECT_EQ(reader.number_or("absent", 0.5, 0, 1), 0.5);
  EXPECT_EQ(reader.string_or("absent", "x"), "x");
  EXPECT_TRUE(reader.boolean_or("none", true));
}

TEST_F(Reader, SaysWhatWasFoundAndWhatIsRight) {
  EXPECT_EQ(complaint([](auto& r) { r.integer("word", 1, 65536); }),
            "f.json: 'word' is \"twelve\", expected a whole number from 1 to 65536");
  EXPECT_EQ(complaint([](auto& r) { r.integer("absent", 1, 2); }),
            "f.json: 'absent' is missing, expected a whole number from 1 to 2");
  EXPECT_EQ(complaint([](auto& r) { r.string("list"); }), "f.json: 'list' is an array, expected a text");
  EXPECT_EQ(complaint([](auto& r) { r.boolean_or("whole", true); }), "f.json: 'whole' is 12, expected true or false");
  EXPECT_EQ(complaint([](auto& r) { r.number_or("word", 0, 0, 1); }),
            "f.json: 'word' is \"twelve\", expected a number from 0 to 1");
  EXPECT_EQ(complaint([](auto& r) { r.member("none"); }), "f.json: 'none' is null, expected a value");
}

TEST_F(Reader, TakesNoBooleanFractionOrOverflowForAWholeNumber) {
  for (const char* key : {"yes", "point", "huge", "map"})
    EXPECT_THAT(complaint([&](auto& r) { r.integer(key, INT64_MIN, INT64_MAX); }), HasSubstr("a whole number from"));
  EXPECT_THAT(complaint([](auto& r) { r.number_or("yes", 0, 0, 1); }), HasSubstr("'yes' is true, expected a number"));
}

TEST_F(Reader, ChecksTheRange) {
  EXPECT_THAT(complaint([](auto& r) { r.integer("whole", 13, 20); }), HasSubstr("from 13 to 20"));
  EXPECT_THAT(complaint([](auto& r) { r.integer_or("whole", 1, 0, 11); }), HasSubstr("from 0 to 11"));
}

TEST_F(Reader, ReadsObjectsOnly) {
  const Json list = Json::array();
  EXPECT_EQ(message_of(ExitCode::bad_input, [&] { JsonReader(list, "f.json: layers[3]"); }),
            "f.json: layers[3]: is an array, expected an object");
}

}  // namespace
}  // namespace headroom
