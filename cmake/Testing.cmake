# headroom_test(NAME SOURCES a.cpp … LIBRARIES x … [LABELS l …]): one GoogleTest program, each of its tests known to ctest.
if(HEADROOM_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

function(headroom_test NAME)
  cmake_parse_arguments(T "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${NAME} ${T_SOURCES})
  target_link_libraries(${NAME} PRIVATE ${T_LIBRARIES} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${NAME} PRIVATE
    HEADROOM_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HEADROOM_BUILD_DIR="${PROJECT_BINARY_DIR}")
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(T_LABELS)
    set(labels PROPERTIES LABELS "${T_LABELS}")
  endif()
  gtest_discover_tests(${NAME} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 ${labels})
endfunction()
