# One INTERFACE target holds every compiler option and every macro that changes what a header means,
# so that no two translation units ever disagree.
add_library(ferry_compile_options INTERFACE)
target_include_directories(ferry_compile_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_features(ferry_compile_options INTERFACE cxx_std_20)
target_compile_options(ferry_compile_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Woverloaded-virtual -Wcast-align -Wunused
  -Wconversion -Wno-sign-conversion -Wnull-dereference -Wformat=2 -Wimplicit-fallthrough
  $<$<BOOL:${FERRY_WARNINGS_AS_ERRORS}>:-Werror>
  # g++ 12 reports these falsely inside coroutines and inlined library code.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete -Wno-maybe-uninitialized -Wno-restrict -Wno-null-dereference
    -Wno-array-bounds -Wno-stringop-overflow>
  # In a unity build a source's unnamed namespace stands in an included file, and g++ then takes a type with a member
  # from there for one that several translation units might see.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>)

if(CMAKE_BUILD_TYPE STREQUAL Release)
  # What nobody calls stays out of the program; pointers that the loader adjusts take a bit each in place of 24 bytes.
  target_compile_options(ferry_compile_options INTERFACE -ffunction-sections -fdata-sections)
  target_link_options(ferry_compile_options INTERFACE -Wl,--gc-sections -Wl,-z,pack-relative-relocs)
  # What strangers send is not to become more than an end of the process: no stack is overwritten unnoticed, no buffer
  # of a known size overrun by the C library, and no table of functions can be written to once the program runs.
  target_compile_options(ferry_compile_options INTERFACE -fstack-protector-strong
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:FERRY_UNOPTIMIZED>>>:-D_FORTIFY_SOURCE=2>)
  target_link_options(ferry_compile_options INTERFACE -Wl,-z,relro,-z,now)
else()
  target_compile_definitions(ferry_compile_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()

if(FERRY_SANITIZE)
  target_compile_options(ferry_compile_options INTERFACE -fsanitize=${FERRY_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all
    # The check of objects' dynamic types opens a pipe to learn whether memory can be read: where a test has no
    # descriptor left, on purpose, it cannot, and reports what is not so.
    -fno-sanitize=vptr
    $<$<CXX_COMPILER_ID:Clang>:-fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/sanitizers-ignored.txt>
    # clang 14 cannot emit what the check of function types needs before a coroutine's parts.
    $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>)
  target_link_options(ferry_compile_options INTERFACE -fsanitize=${FERRY_SANITIZE})
endif()

# Asio and Beast, compiled once into ferry_asio and used by their declarations everywhere else.
add_library(ferry_asio STATIC ${PROJECT_SOURCE_DIR}/cmake/asio.cc)
target_link_libraries(ferry_asio PUBLIC ferry_compile_options Boost::headers OpenSSL::SSL OpenSSL::Crypto
  Threads::Threads)
target_compile_definitions(ferry_asio PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_BEAST_USE_STD_STRING_VIEW)
target_include_directories(ferry_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})

# Tests are compiled more often than run: optimizing them costs more time than it saves, under AddressSanitizer nearly
# two thirds of the time to compile them. What they test is optimized.
set(ferry_test_options -O0)

# The headers that cost seconds each in every translation unit are compiled once, here, and shared.
add_library(ferry_common INTERFACE)
target_link_libraries(ferry_common INTERFACE ferry_asio nlohmann_json::nlohmann_json spdlog::spdlog)

if(FERRY_PRECOMPILE_HEADERS)
  file(WRITE ${PROJECT_BINARY_DIR}/generated/empty.cc "")
  set(ferry_heavy_headers
    <boost/asio.hpp> <boost/asio/ssl.hpp> <boost/beast.hpp> <nlohmann/json.hpp> <spdlog/spdlog.h>
    <chrono> <functional> <map> <memory> <optional> <string> <string_view> <unordered_map> <vector>)
  add_library(ferry_pch STATIC ${PROJECT_BINARY_DIR}/generated/empty.cc)
  target_link_libraries(ferry_pch PUBLIC ferry_common)
  target_precompile_headers(ferry_pch PRIVATE ${ferry_heavy_headers})
  if(FERRY_BUILD_TESTS)
    add_library(ferry_pch_tests STATIC ${PROJECT_BINARY_DIR}/generated/empty.cc)
    target_link_libraries(ferry_pch_tests PUBLIC ferry_common GTest::gmock GTest::gtest)
    target_compile_options(ferry_pch_tests PRIVATE ${ferry_test_options})
    set_target_properties(ferry_pch_tests PROPERTIES FERRY_UNOPTIMIZED ON)
    target_precompile_headers(ferry_pch_tests PRIVATE ${ferry_heavy_headers} <gtest/gtest.h>)
  endif()
endif()

# ferry_precompile(TARGET): links ferry_common and uses its precompiled headers.
function(ferry_precompile target)
  target_link_libraries(${target} PRIVATE ferry_common)
  if(FERRY_PRECOMPILE_HEADERS)
    target_precompile_headers(${target} REUSE_FROM ferry_pch)
  endif()
endfunction()

# ferry_add_test(TARGET SOURCES... [LIBRARIES ...] [LABEL unit|integration|e2e] [TIMEOUT seconds]): a GoogleTest
# executable, each of its tests known to ctest.
function(ferry_add_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "SOURCES;LIBRARIES")
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ferry_common ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
  target_compile_options(${target} PRIVATE ${ferry_test_options})
  set_target_properties(${target} PROPERTIES FERRY_UNOPTIMIZED ON)
  target_compile_definitions(${target} PRIVATE FERRY_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
    FERRY_BINARY_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  if(FERRY_PRECOMPILE_HEADERS)
    target_precompile_headers(${target} REUSE_FROM ferry_pch_tests)
  endif()
  if(FERRY_SANITIZE AND arg_LABEL STREQUAL unit)
    # A process for each would start a sanitizer a thousand times, a third of a second each.
    add_test(NAME ${target} COMMAND ${target})
    set_tests_properties(${target} PROPERTIES LABELS unit TIMEOUT 600)
  else()
    gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()
