// read_journal takes any bytes: what is before the first "ROWS" are the notes, what is after it the rows behind a right
// header, what is after the next "ACTS" those of activity.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

#include "recording/activity_rows.h"
#include "recording/journal.h"
#include "recording/journal_format.h"
#include "tests/fuzz/survive.h"

namespace {

namespace fs = std::filesystem;
using namespace headroom;

void write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

template <class Row>
std::string with_header(std::string_view rows) {
  JournalHeader header{{}, kJournalVersion, sizeof(Row), rows.size() / sizeof(Row), 0, 0};
  std::memcpy(header.magic, kJournalMagic, sizeof(kJournalMagic));
  std::string bytes(kJournalHeaderBytes, '\0');
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes.append(rows);
}

const fs::path& folder() {
  static const fs::path path = [] {
    const fs::path made = fs::temp_directory_path() / ("headroom-fuzz-" + std::to_string(getpid()) + ".journal");
    fs::create_directories(made);
    return made;
  }();
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t at = std::min(bytes.find("ROWS"), size);
  write(folder() / kJournalNotesName, bytes.substr(0, at));
  const std::string_view after = bytes.substr(std::min(at + 4, size));
  const std::size_t activity = std::min(after.find("ACTS"), after.size());
  write(folder() / kJournalRowsName, with_header<JournalRow>(after.substr(0, activity)));
  write(folder() / kJournalActivityName, with_header<ActivityRow>(after.substr(std::min(activity + 4, after.size()))));
  const Recording recording = read_journal(folder());
  fuzz::require_none(verify(recording));
  fuzz::survive(encode_recording(recording));
  return 0;
}
