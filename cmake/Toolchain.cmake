# Warnings, ccache, a fast linker, sanitizers: one place for all targets.
include(CheckLinkerFlag)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

foreach(linker mold lld gold)
  check_linker_flag(CXX -fuse-ld=${linker} HEADROOM_LINKER_${linker})
  if(HEADROOM_LINKER_${linker})
    add_link_options(-fuse-ld=${linker})
    break()
  endif()
endforeach()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # false alarms on string concatenation, GCC bug 105651
endif()
include_directories(${PROJECT_SOURCE_DIR})
# Programs resolve what they call before they start, after which the table of it is read-only.
string(APPEND CMAKE_EXE_LINKER_FLAGS " -Wl,-z,relro,-z,now")

if(HEADROOM_SANITIZE STREQUAL thread)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(HEADROOM_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
