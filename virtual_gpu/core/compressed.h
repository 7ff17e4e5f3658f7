// What fat binaries are compressed with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headroom::virtual_gpu {

// `out` is empty for damaged input; what it held before makes room. zstd comes from libzstd.so.1, opened at first use;
// empty without it too.
void decompress_zstd(std::string_view compressed, std::uint64_t bytes, std::string& out);

// An LZ4 block: sequences of a token (4 bits of literal length, 4 of match length), literals, a 16-bit distance back;
// a length of 15 goes on in bytes up to the first that is not 255, and matches are 4 longer than said.
std::string decompress_lz4(std::string_view compressed, std::uint64_t bytes);

}  // namespace headroom::virtual_gpu
