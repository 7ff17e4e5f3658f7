// A config.json takes any text: an Error that names the file, or a model whose closed forms are numbers or refusals.
// What follows a line "WITH" is a mechanism, positions and a compression, one a line.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/survive_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view choice;
  if (const auto with = text.find("\nWITH\n"); with != std::string_view::npos) {
    choice = text.substr(with + 6);
    text = text.substr(0, with);
  }
  const auto line = [&] {
    const std::size_t end = std::min(choice.find('\n'), choice.size());
    const std::string out(choice.substr(0, end));
    choice.remove_prefix(std::min(end + 1, choice.size()));
    return out;
  };
  try {
    const models::ModelConfig model = models::import_hugging_face(parse_json(text, "fuzz"), "fuzz");
    fuzz::survive_import(model);
    const std::string attention = line(), positions = line(), compression = line();
    fuzz::survive_mechanism(model, attention, positions, compression);
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input && std::string_view(error.what()).starts_with("fuzz:"));
  }
  return 0;
}
