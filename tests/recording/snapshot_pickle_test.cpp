// Pickles of plain values are read; those that would run something, or are damaged, are refused.
#include <gmock/gmock.h>

#include <random>

#include "recording/snapshot/pickle.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using Kind = PickleValue::Kind;

std::string refusal(const std::string& bytes) {
  return testing_support::message_of(ExitCode::bad_input, [&] { Pickle(bytes, "run"); });
}

std::int64_t integer(const std::string& body) {
  const std::string bytes = "\x80\x02" + body + ".";
  const Pickle pickle(bytes, "run");
  EXPECT_EQ(pickle.root().kind, Kind::integer);
  return pickle.root().integer;
}

TEST(SnapshotPickle, ReadsNumbersOfEveryWidth) {
  EXPECT_EQ(integer("K\xff"), 255);
  EXPECT_EQ(integer("M\x01\x02"), 0x201);
  EXPECT_EQ(integer("J\xfe\xff\xff\xff"), -2);
  EXPECT_EQ(integer("\x8a\x00"s), 0);
  EXPECT_EQ(integer("\x8a\x01\x80"), -128);
  EXPECT_EQ(integer("\x8a\x05\x00\x00\x00\x80\x00"s), 0x80000000);
  EXPECT_EQ(integer("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80"s), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(static_cast<std::uint64_t>(integer("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\xf0\x00"s)), 0xf000000000000000u);
  EXPECT_EQ(integer("\x8b\x02\x00\x00\x00\x34\x12"s), 0x1234);
}

TEST(SnapshotPickle, ReadsWhatCPythonWrites) {
  // pickle.dumps({"a": [1, (2, None), True], "b": 1.5, "c": "a"}, 4)
  const std::string bytes =
      "\x80\x04\x95\x2a\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01"
      "a\x94]\x94(K\x01K\x02N\x86\x94\x88"
      "e\x8c\x01"
      "b\x94G?\xf8\x00\x00\x00\x00\x00\x00\x8c\x01"
      "c\x94h\x01u."s;
  const Pickle pickle(bytes, "run");
  const PickleValue* list = pickle.find(pickle.root(), "a");
  ASSERT_NE(list, nullptr);
  const auto items = pickle.items(*list);
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].integer, 1);
  EXPECT_EQ(items[1].kind, Kind::tuple);
  EXPECT_EQ(pickle.items(items[1])[1].kind, Kind::none);
  EXPECT_EQ(items[2].kind, Kind::boolean);
  EXPECT_EQ(pickle.find(pickle.root(), "b")->real, 1.5);
  EXPECT_EQ(pickle.find(pickle.root(), "c")->as_text(), "a");
  EXPECT_EQ(pickle.find(pickle.root(), "d"), nullptr);
  EXPECT_EQ(pickle.find(*list, "a"), nullptr);
}

TEST(SnapshotPickle, TheSameObjectIsTheSameContainer) {
  const std::string bytes = "\x80\x02]q\x00h\x00\x86."s;  // a = []; (a, a)
  const Pickle pickle(bytes, "run");
  const auto items = pickle.items(pickle.root());
  EXPECT_EQ(items[0].container, items[1].container);
}

TEST(SnapshotPickle, WhatWouldRunSomethingIsRefusedByNameAndOffset) {
  EXPECT_THAT(refusal("\x80\x04\x8c\x02os\x8c\x06system\x93."s),
              HasSubstr("run: not a pickle of plain values: at byte 14, the opcode STACK_GLOBAL"));
  EXPECT_THAT(refusal("\x80\x02"
                      "cos\nsystem\n(S'true'\ntR."),
              HasSubstr("at byte 2, the opcode GLOBAL is refused"));
  EXPECT_THAT(refusal("\x80\x02K\x01)R."s), HasSubstr("REDUCE"));
  EXPECT_THAT(refusal("\x80\x02}}b."), HasSubstr("BUILD"));
  EXPECT_THAT(refusal("\x80\x02)\x81."s), HasSubstr("NEWOBJ"));
  EXPECT_THAT(refusal("\x80\x02(i__builtin__\nlist\n."), HasSubstr("INST"));
  EXPECT_THAT(refusal("\x80\x02P1\n."), HasSubstr("PERSID"));
  EXPECT_THAT(refusal("\x80\x02\xfe."), HasSubstr("no opcode of Python's, 0xfe,"));
}

TEST(SnapshotPickle, ForeignAndUnfinishedBytesAreRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("cut short"));
  EXPECT_THAT(refusal("HEADROOM"), HasSubstr("does not begin as a pickle"));
  EXPECT_THAT(refusal("\x80\x09."), HasSubstr("protocol 9, expected 2 to 5"));
  EXPECT_THAT(refusal("\x80\x02."), HasSubstr("more or less than one value"));
  EXPECT_THAT(refusal("\x80\x02NN."), HasSubstr("more or less than one value"));
  EXPECT_THAT(refusal("\x80\x02(N."), HasSubstr("more or less than one value"));
  EXPECT_THAT(refusal("\x80\x02N"), HasSubstr("cut short"));
  EXPECT_THAT(refusal("\x80\x02X\xff\xff\xff\xff"), HasSubstr("cut short"));
  EXPECT_THAT(refusal("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), HasSubstr("cut short"));
  EXPECT_THAT(refusal("\x80\x02\x8a\x0a"
                      "0123456789."),
              HasSubstr("a number of 10 bytes"));
}

TEST(SnapshotPickle, OperatorsWithoutTheirValuesAreRefused) {
  for (const char* body : {"a",     "u",    "s",  "e",   "t",   "l",    "d",    "\x85",  "\x86",        "\x87", "q\x01",
                           "h\x01", "\x94", "]s", "}Ka", "](u", "}(Nu", "(NsN", "((((a", "K\x01K\x02u", "(]a"})
    EXPECT_THAT(refusal(std::string("\x80\x02") + body + "."), HasSubstr("run: not a pickle")) << body;
}

TEST(SnapshotPickle, DepthAndRoomAreLimited) {
  EXPECT_THAT(refusal("\x80\x02" + std::string(100'000, '(')), HasSubstr("more than 64 collections are open"));
  EXPECT_THAT(refusal("\x80\x02(" + std::string(100'000, ']') + "t."), HasSubstr("more collections than"));
  // Nested a hundred times without a mark: [[[…]]]
  std::string nested = "\x80\x02";
  for (int i = 0; i < 100; ++i) nested += "]";
  for (int i = 0; i < 99; ++i) nested += "a";
  EXPECT_NO_THROW(Pickle(nested + ".", "run"));
}

TEST(SnapshotPickle, AListThatHoldsItselfIsRead) {
  const std::string bytes = "\x80\x02]q\x00h\x00"s + "a.";
  const Pickle pickle(bytes, "run");
  EXPECT_EQ(pickle.items(pickle.root())[0].container, pickle.root().container);
}

// {"a": 1, "b": 2}, {"b": 3, "a": 4} and {"a": 5, "b": 6}, the last written with texts of its own.
TEST(SnapshotPickle, DictionariesOfTheSameKeysAndOthersGiveTheirOwnValues) {
  const std::string bytes =
      "\x80\x04(}(\x8c\x01"
      "aK\x01\x8c\x01"
      "bK\x02u}(\x8c\x01"
      "bK\x03\x8c\x01"
      "aK\x04u}(\x8c\x01"
      "aK\x05\x8c\x01"
      "bK\x06ut."s;
  const Pickle pickle(bytes, "run");
  const PickleKey a(pickle, "a"), b(pickle, "b"), other(pickle, "c");
  const auto dicts = pickle.items(pickle.root());
  ASSERT_EQ(dicts.size(), 3u);
  const std::int64_t expected[][2] = {{1, 2}, {4, 3}, {5, 6}};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(a.integer_or(dicts[i], -1), expected[i][0]);
    EXPECT_EQ(b.integer_or(dicts[i], -1), expected[i][1]);
    EXPECT_EQ(pickle.find(dicts[i], "b")->integer, expected[i][1]);
    EXPECT_EQ(other.in(dicts[i]), nullptr);
    EXPECT_EQ(other.text_or(dicts[i], "none"), "none");
  }
  EXPECT_EQ(a.in(pickle.root()), nullptr);
}

// As CPython does it beyond a thousand members; and what is written twice.
TEST(SnapshotPickle, ADictionaryThatGrowsKeepsTheLastValueOfEachKey) {
  const std::string bytes =
      "\x80\x04}(\x8c\x01"
      "aK\x01\x8c\x01"
      "bK\x02u\x8c\x01"
      "cK\x03s(\x8c\x01"
      "aK\x04\x8c\x01"
      "dK\x05u."s;
  const Pickle pickle(bytes, "run");
  const std::pair<const char*, std::int64_t> expected[] = {{"a", 4}, {"b", 2}, {"c", 3}, {"d", 5}};
  for (const auto& [name, value] : expected) {
    EXPECT_EQ(PickleKey(pickle, name).integer_or(pickle.root(), -1), value) << name;
    EXPECT_EQ(pickle.find(pickle.root(), name)->integer, value) << name;
  }
  const std::string twice =
      "\x80\x04}(\x8c\x01"
      "aK\x01\x8c\x01"
      "aK\x02u."s;
  const Pickle doubled(twice, "run");
  EXPECT_EQ(PickleKey(doubled, "a").integer_or(doubled.root(), -1), 2);
}

// More sets of keys, and more keys in one, than are kept once.
TEST(SnapshotPickle, ManySetsOfKeysAndManyKeysAreRead) {
  std::string bytes = "\x80\x04(", wide = "}(";
  for (int i = 0; i < 1000; ++i) {
    const std::string text = "\x8c\x04" + std::to_string(1000 + i);
    bytes += "}" + text + "M" + char(i % 256) + char(i / 256) + "s";
    wide += text + "M" + char(i % 256) + char(i / 256);
  }
  bytes += wide + "ut.";
  const Pickle pickle(bytes, "run");
  const auto dicts = pickle.items(pickle.root());
  ASSERT_EQ(dicts.size(), 1001u);
  for (int i = 0; i < 1000; i += 37) {
    const std::string name = std::to_string(1000 + i);
    const PickleKey key(pickle, name);
    EXPECT_EQ(key.integer_or(dicts[static_cast<std::size_t>(i)], -1), i);
    EXPECT_EQ(key.integer_or(dicts.back(), -1), i);
    EXPECT_EQ(key.in(dicts[static_cast<std::size_t>(i == 0 ? 1 : 0)]), nullptr);
  }
}

TEST(SnapshotPickle, ALongListThatGrowsKeepsItsOrder) {
  std::string bytes = "\x80\x04]";
  const int batches = 90, each = 1000;  // beyond the room that is made at once
  for (int batch = 0; batch < batches; ++batch) {
    bytes += "(";
    for (int i = 0; i < each; ++i) bytes += std::string("M") + char(i % 256) + char(i / 256);
    bytes += "e";
  }
  bytes += ".";
  const Pickle pickle(bytes, "run");
  const auto items = pickle.items(pickle.root());
  ASSERT_EQ(items.size(), static_cast<std::size_t>(batches * each));
  for (std::size_t i = 0; i < items.size(); ++i) ASSERT_EQ(items[i].integer, static_cast<std::int64_t>(i % each));
}

TEST(SnapshotPickle, RandomOpcodesAreReadOrRefused) {
  std::mt19937 random(1);
  const std::string opcodes = "(.GJKMNXae d})]hjlqrsut\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x94\x95";
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = "\x80\x04";
    for (int i = 0; i < 30; ++i)
      bytes += random() % 3 == 0 ? static_cast<char>(random() % 5) : opcodes[random() % opcodes.size()];
    try {
      Pickle(bytes, "run");
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::bad_input);
    }
  }
}

}  // namespace
}  // namespace headroom
