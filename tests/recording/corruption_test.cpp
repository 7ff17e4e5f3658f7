// Recordings that were truncated, damaged or forged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "recording/container.h"
#include "recording/document.h"
#include "recording/file.h"
#include "tests/random_recording.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing_support::message_of;
using testing_support::random_recording;

std::string refusal(const std::string& bytes) {
  return message_of(ExitCode::bad_input, [&] { decode_recording(bytes, "run"); });
}

bool is_refused(const std::string& bytes) {
  try {
    decode_recording(bytes, "run");
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).rfind("run: ", 0), 0u) << error.what();
    return error.code() == ExitCode::bad_input;
  }
  return false;
}

// Ends `bytes` with the mark and the checksum that fit them, as a forger would.
std::string sealed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(hash >> (8 * i)));
  return bytes;
}

TEST(Recording, TruncatedFileIsRefused) {
  const std::string bytes = encode_recording(random_recording(5, 60));
  for (std::size_t size = 0; size < bytes.size(); ++size) ASSERT_TRUE(is_refused(bytes.substr(0, size))) << size;
}

TEST(Recording, FileWithAFlippedByteIsRefused) {
  const std::string bytes = encode_recording(random_recording(5, 60));
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int bit : {0, 3, 7}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      ASSERT_TRUE(is_refused(damaged)) << at << " bit " << bit;
    }
}

TEST(Recording, FileWithBytesAppendedIsRefused) {
  const std::string bytes = encode_recording(random_recording(5, 60));
  EXPECT_TRUE(is_refused(bytes + std::string(1, '\0')));
  EXPECT_TRUE(is_refused(bytes + bytes));
}

TEST(Recording, MessagesTellWhatIsWrong) {
  std::string bytes = encode_recording(random_recording(5, 60));
  EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 1)), HasSubstr("run: the recording is cut short"));
  EXPECT_THAT(refusal(bytes.substr(0, 10)), HasSubstr("run: the recording is cut short"));
  std::string damaged = bytes;
  damaged[bytes.size() / 2] ^= 1;
  EXPECT_THAT(refusal(damaged), HasSubstr("run: the recording is damaged"));
  bytes[8] = 2;
  EXPECT_THAT(refusal(bytes), HasSubstr("recording format 2 is newer than this program, which reads up to 1"));
  bytes[8] = 0;
  EXPECT_THAT(refusal(bytes), HasSubstr("recording format 0 does not exist"));
}

// Forged files carry a right checksum, so that what lies behind it is reached.
TEST(Recording, ForgedFileIsRefusedOrReadConsistently) {
  const std::string bytes = encode_recording(random_recording(7, 200));
  std::mt19937 random(1);
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string forged = bytes;
    for (std::uint32_t edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t at = 12 + random() % (forged.size() - 28);
      switch (random() % 4) {
        case 0:
          forged[at] = static_cast<char>(random());
          break;
        case 1:
          forged[at] = static_cast<char>(forged[at] ^ (1 << random() % 8));
          break;
        case 2:
          forged.erase(at, 1 + random() % 8);
          break;
        default:
          forged.insert(at, 1 + random() % 8, static_cast<char>(random()));
      }
      if (forged.size() < 60) break;
    }
    try {
      const std::string again = encode_recording(decode_recording(sealed(forged), "run"));
      EXPECT_EQ(encode_recording(decode_recording(again, "run")), again);
      ++read;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input) << error.what();
    }
  }
  EXPECT_GT(read, 0) << "no forgery got past the checksum";
}

// A recording's file with one section changed; its frame is right.
class Forgery {
 public:
  explicit Forgery(const Recording& recording) {
    const std::string bytes = encode_recording(recording);
    const ContainerReader container(bytes, "original");
    for (const char* name : {"meta", "action", "a.kind"})
      if (container.has(name)) plain_[name] = container.plain(name);
    for (const char* name :
         {"time", "address", "request", "block", "layer", "phase", "step", "category", "op", "tensor", "stream", "pool", "held",
          "a.start", "a.length", "a.name", "a.detail", "a.bytes", "a.addr", "a.stream", "a.correl", "a.thread", "a.layer",
          "a.phase", "a.step"})
      if (container.has(name)) compressed_[name] = container.decompressed(name, 1 << 20);
  }
  std::string& operator[](const std::string& section) {
    return plain_.contains(section) ? plain_[section] : compressed_[section];
  }
  void remove(const std::string& section) {
    plain_.erase(section);
    compressed_.erase(section);
  }

  std::string bytes() const {
    ContainerWriter container;
    for (const auto& [name, bytes] : plain_) container.add_plain(name, bytes);
    for (const auto& [name, bytes] : compressed_) container.add_compressed(name, bytes);
    return container.finish();
  }

 private:
  std::map<std::string, std::string> plain_, compressed_;
};

TEST(Recording, SectionsMayStandInAnyOrderAmongUnknownOnes) {
  const Recording recording = random_recording(2, 50);
  Forgery forgery(recording);
  forgery["device"] = "a later invention";
  EXPECT_EQ(encode_recording(decode_recording(forgery.bytes(), "run")), encode_recording(recording));
}

TEST(Recording, FileWithoutAColumnIsRefused) {
  for (const char* column :
       {"meta", "action", "time", "address", "request", "block", "layer", "phase", "step", "category", "op", "tensor", "a.kind",
        "a.start", "a.length", "a.name", "a.detail", "a.bytes", "a.addr", "a.stream", "a.correl", "a.thread", "a.layer",
        "a.phase", "a.step"}) {
    Forgery forgery(random_recording(2, 50));
    forgery.remove(column);
    EXPECT_EQ(refusal(forgery.bytes()), std::string("run: the recording has no section '") + column + "'");
  }
}

TEST(Recording, ColumnOfAnotherLengthIsRefused) {
  for (const char* column : {"time", "phase", "layer", "tensor"}) {
    Forgery forgery(random_recording(2, 50));
    forgery[column].push_back('\0');
    EXPECT_THAT(refusal(forgery.bytes()), HasSubstr("does not hold 50 events"));
  }
}

TEST(Recording, IdsAndNamesOutOfRangeAreRefused) {
  const auto with = [](auto change) {
    Recording recording = random_recording(2, 50);
    change(recording);
    return refusal(encode_recording(recording));
  };
  EXPECT_THAT(with([](Recording& r) { r.events.layer[9] = LayerId(r.layers.size()); }), HasSubstr("'layer'"));
  EXPECT_THAT(with([](Recording& r) { r.events.op[9] = StringId(r.strings.size()); }), HasSubstr("'op'"));
  EXPECT_THAT(with([](Recording& r) { r.events.tensor[9] = StringId(0xFFFFFFFF); }), HasSubstr("'tensor'"));
  EXPECT_THAT(with([](Recording& r) { r.events.phase[9] = Phase(7); }), HasSubstr("'phase'"));
  EXPECT_THAT(with([](Recording& r) { r.events.category[9] = Category(10); }), HasSubstr("'category'"));
  EXPECT_THAT(with([](Recording& r) { r.events.step[9] = -1; }), HasSubstr("'step'"));
  EXPECT_THAT(with([](Recording& r) { r.events.block_bytes[9] = -1; }), HasSubstr("'block'"));
  EXPECT_THAT(with([](Recording& r) { r.events.requested_bytes[9] = INT64_MAX; }), HasSubstr("'request'"));
}

TEST(Recording, SizesWhoseSumWouldOverflowAreRefused) {
  Recording recording = random_recording(2, 50);
  for (auto& bytes : recording.events.block_bytes) bytes = std::int64_t{1} << 60;
  EXPECT_THAT(refusal(encode_recording(recording)), HasSubstr("more than any device holds"));
}

TEST(Recording, DecompressionBombIsRefusedUnopened) {
  Forgery forgery(random_recording(2, 50));
  forgery["time"] = std::string(64 << 20, '\0');
  const std::string bytes = forgery.bytes();
  EXPECT_LT(bytes.size(), 16u << 10);
  EXPECT_EQ(refusal(bytes), "run: section 'time' has a wrong size");
}

TEST(Recording, EventCountBeyondTheFilesSizeIsRefused) {
  Json json = recording_document(random_recording(2, 50));
  json["event_count"] = std::int64_t{1} << 31;
  ContainerWriter container;
  container.add_plain("meta", json.dump());
  container.add_plain("action", "x");
  EXPECT_THAT(refusal(container.finish()), HasSubstr("column 'action' does not hold 2147483648 events"));
}

TEST(Recording, DocumentOfBracketsIsRefused) {
  ContainerWriter container;
  container.add_plain("meta", std::string(1 << 20, '['));
  EXPECT_THAT(refusal(container.finish()), HasSubstr("run: nested deeper than 64 levels"));
}

TEST(Recording, SectionThatOccursTwiceIsRefused) {
  ContainerWriter container;
  container.add_plain("meta", "{}");
  container.add_plain("meta", "{}");
  EXPECT_THAT(refusal(container.finish()), HasSubstr("a section occurs twice"));
}

}  // namespace
}  // namespace headroom
