# headroom::zstd. HEADROOM_ZSTD_LIBRARY and HEADROOM_ZSTD_INCLUDE name another one than the system's.
find_library(HEADROOM_ZSTD_LIBRARY zstd REQUIRED)
find_path(HEADROOM_ZSTD_INCLUDE zstd.h REQUIRED)
add_library(headroom_zstd INTERFACE)
add_library(headroom::zstd ALIAS headroom_zstd)
target_include_directories(headroom_zstd SYSTEM INTERFACE $<BUILD_INTERFACE:${HEADROOM_ZSTD_INCLUDE}>)
target_link_libraries(headroom_zstd INTERFACE $<BUILD_INTERFACE:${HEADROOM_ZSTD_LIBRARY}> $<INSTALL_INTERFACE:zstd>)
