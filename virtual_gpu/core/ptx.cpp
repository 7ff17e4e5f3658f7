#include "virtual_gpu/core/ptx.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace headroom::virtual_gpu {
namespace {

// Words of PTX: directives, names and numbers; each bracket and semicolon is one of its own. Comments and commas are
// none.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  std::string_view next() {
    skip();
    if (at_ >= text_.size()) return {};
    const std::size_t begin = at_++;
    if (is_word(text_[begin]))
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

 private:
  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '$' || c == '%';
  }

  void skip() {
    for (; at_ < text_.size(); ++at_) {
      if (text_.substr(at_, 2) == "//")
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (text_.substr(at_, 2) == "/*")
        at_ = std::min(text_.find("*/", at_), text_.size() - 1) + 1;
      else if (text_[at_] == '"')
        at_ = std::min(text_.find('"', at_ + 1), text_.size());
      else if (!std::isspace(static_cast<unsigned char>(text_[at_])) && text_[at_] != ',')
        return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::uint64_t number(std::string_view word) { return std::strtoull(std::string(word).c_str(), nullptr, 0); }

// Bytes of .b8, .u16, .f32, .b64 …; 0 for a word that is no type.
std::uint64_t type_bytes(std::string_view word) {
  if (word.size() < 3 || word[0] != '.' || std::string_view("bufs").find(word[1]) == std::string_view::npos) return 0;
  const std::uint64_t bits = number(word.substr(2));
  return bits == 8 || bits == 16 || bits == 32 || bits == 64 || bits == 128 ? bits / 8 : 0;
}

struct Declaration {
  std::string name;
  std::uint64_t bytes = 0, alignment = 1;
};

// After `.param`, `.shared`, `.global` or `.const`, up to what ends it, which is left in *last.
Declaration read_declaration(Words& words, std::string_view* last) {
  Declaration out;
  std::uint64_t element = 0, count = 1;
  for (std::string_view word = words.next();; word = words.next()) {
    *last = word;
    if (word.empty()) break;  // cut short
    if (word == ";" || word == ")" || word == "=" || word == ".param" || word == "{") break;
    if (word == ".align")
      out.alignment = number(words.next());
    else if (word == "[")
      count *= number(words.next());
    else if (const std::uint64_t bytes = type_bytes(word))
      element = bytes;
    else if (word[0] != '.' && word != "]")
      out.name = word;
  }
  out.bytes = element * count;
  out.alignment = std::max(out.alignment, element == 0 ? 1 : element);
  return out;
}

void add_parameter(KernelFacts& facts, const Declaration& parameter) {
  std::uint64_t end = facts.parameters.empty() ? 0 : facts.parameters.back().offset + facts.parameters.back().bytes;
  end = (end + parameter.alignment - 1) / parameter.alignment * parameter.alignment;
  facts.parameters.push_back({static_cast<std::uint32_t>(end), static_cast<std::uint32_t>(parameter.bytes)});
}

void read_parameters(Words& words, KernelFacts& facts) {
  std::string_view word = words.next();
  while (word == ".param") add_parameter(facts, read_declaration(words, &word));
}

int read_threads(Words& words, std::string_view* word) {
  std::uint64_t threads = 1;
  for (*word = words.next(); !word->empty() && std::isdigit(static_cast<unsigned char>(word->front()));
       *word = words.next())
    threads *= number(*word);
  return static_cast<int>(std::min<std::uint64_t>(threads, 1024));
}

std::uint64_t read_body(Words& words) {
  std::uint64_t shared_bytes = 0;
  int depth = 1;
  for (std::string_view word = words.next(); depth > 0 && !word.empty(); word = depth > 0 ? words.next() : word) {
    if (word == "{") ++depth;
    if (word == "}") --depth;
    if (word == ".shared") shared_bytes += read_declaration(words, &word).bytes;
  }
  return shared_bytes;
}

void read_entry(Words& words, PtxContent& content) {
  const std::string name(words.next());
  KernelFacts& facts = content.kernels[name];
  facts.registers = kAssumedRegisters;
  std::string_view word = words.next();
  if (word == "(") {
    read_parameters(words, facts);
    word = words.next();
  }
  while (!word.empty() && word != "{" && word != ";") {
    if (word == ".maxntid" || word == ".reqntid")
      facts.max_threads_per_block = read_threads(words, &word);
    else if (word == ".maxnreg")
      facts.registers = std::min<int>(kAssumedRegisters, static_cast<int>(number(words.next()))), word = words.next();
    else
      word = words.next();
  }
  if (word == "{") facts.static_shared_bytes = read_body(words);
}

}  // namespace

PtxContent read_ptx(std::string_view text) {
  PtxContent content;
  Words words(text);
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (word == ".target") {
      const std::string_view target = words.next();
      if (target.starts_with("sm_")) content.target = static_cast<int>(number(target.substr(3)));
    } else if (word == ".entry") {
      read_entry(words, content);
    } else if (word == ".global" || word == ".const") {
      const Declaration variable = read_declaration(words, &word);
      content.variables.push_back({variable.name, variable.bytes});
    } else if (word == "{") {
      read_body(words);
    }
  }
  return content.target == 0 ? PtxContent{} : content;
}

}  // namespace headroom::virtual_gpu
