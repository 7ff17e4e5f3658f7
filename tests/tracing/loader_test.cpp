// Which libcupti is taken, and what is said when none can be.
#include "tracing/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace headroom::tracing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Loading : public ::testing::Test {
 protected:
  void TearDown() override { unsetenv("HEADROOM_CUPTI"); }
};

TEST_F(Loading, NamedLibraryIsTaken) {
  const auto library = load_library(CUPTI_DOUBLE);
  EXPECT_NE(library.handle, nullptr);
  EXPECT_EQ(library.path, CUPTI_DOUBLE);
  EXPECT_FALSE(library.is_virtual);
}

TEST_F(Loading, VariableNamesTheLibraryWhereNoOptionDoes) {
  setenv("HEADROOM_CUPTI", CUPTI_DOUBLE, 1);
  EXPECT_EQ(load_library("").path, CUPTI_DOUBLE);
}

TEST_F(Loading, NamedLibraryThatIsNotThereIsNotReplacedByAnother) {
  setenv("HEADROOM_CUPTI", "/nonexistent/libcupti.so", 1);
  const auto library = load_library("");
  EXPECT_EQ(library.handle, nullptr);
  EXPECT_THAT(library.problem,
              AllOf(HasSubstr("CUPTI off"), HasSubstr("HEADROOM_CUPTI names /nonexistent/libcupti.so")));
}

TEST_F(Loading, LibraryThatLacksFunctionsIsRefusedAndTheyAreNamed) {
  const auto library = load_library(CUPTI_INCOMPLETE);
  EXPECT_EQ(library.handle, nullptr);
  EXPECT_THAT(library.problem, AllOf(HasSubstr("lacks cuptiSubscribe"), HasSubstr("cuptiActivityFlushAll"),
                                     HasSubstr(CUPTI_INCOMPLETE)));
}

TEST_F(Loading, WithoutALibraryEveryPlaceThatWasTriedIsSaid) {
  const auto library = load_library("");
  if (library.handle) GTEST_SKIP() << "this machine has " << library.path;
  EXPECT_THAT(library.problem, AllOf(HasSubstr("libcupti.so.13"), HasSubstr("/usr/local/cuda/extras/CUPTI/lib64"),
                                     HasSubstr("nvidia-cuda-cupti"), HasSubstr("HEADROOM_CUPTI")));
}

TEST_F(Loading, CopiesInTheMapsOfAProcessAreEachToldOnce) {
  const std::string maps =
      "7f00-7f01 r--p 00000000 08:01 11   /a/libcupti.so.13\n"
      "7f01-7f02 r-xp 00001000 08:01 11   /a/libcupti.so.13\n"
      "7f02-7f03 rw-p 00000000 00:00 0 \n"
      "7f03-7f04 r--p 00000000 08:01 12   /b/libcupti.so.13.0\n"
      "7f05-7f06 r--p 00000000 08:01 13   /b/libcuda.so.1\n";
  EXPECT_THAT(mapped_copies(maps), ElementsAre("/a/libcupti.so.13", "/b/libcupti.so.13.0"));
}

TEST_F(Loading, LibraryNamesItsVersion) {
  Library library;
  library.version = 130500;
  EXPECT_EQ(library_name(library), "CUPTI 13.5 (130500)");
  library.version = 28;
  EXPECT_EQ(library_name(library), "CUPTI 12.9 (28)");
  library.is_virtual = true;
  EXPECT_EQ(library_name(library), "CUPTI of the virtual GPU");
}

}  // namespace
}  // namespace headroom::tracing
