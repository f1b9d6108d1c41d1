# Functions that give each kind of target its flags.
# SPDX-License-Identifier: Apache-2.0

set(QD_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch -Werror)

function(qd_warnings target)
  target_compile_options(${target} PRIVATE ${QD_WARNINGS} -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
endfunction()

# Code that runs on an operating system.
function(qd_hosted target)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
endfunction()

# With QD_LTO the command is optimised across all libraries when it is linked; the libraries also carry ordinary code,
# so that tests link as fast as ever.
function(qd_link_time target)
  if(QD_LTO)
    target_compile_options(${target} PRIVATE -flto -ffat-lto-objects)
  endif()
endfunction()

# A library of src/.
function(qd_core_library target)
  add_library(${target} STATIC ${ARGN})
  qd_warnings(${target})
  qd_link_time(${target})
  target_compile_options(${target} PRIVATE -ffreestanding -fno-common)
  if(QD_FRAME_LIMIT)
    target_compile_options(${target} PRIVATE -Wframe-larger-than=512)
  endif()
  if(QD_GATE)
    target_compile_options(${target} PRIVATE -fno-pie -fno-pic -fno-inline -fno-optimize-sibling-calls
                                             -fcallgraph-info=su)
  endif()
  target_include_directories(${target} PUBLIC include PRIVATE src)
  if(target STREQUAL "qd_crypto" AND TARGET qd_bearssl)
    target_link_libraries(${target} PUBLIC qd_bearssl)
  endif()
endfunction()

# A library that stands on include/quadrant and the host: the simulator, a port.
function(qd_hosted_library target dir)
  add_library(${target} STATIC ${ARGN})
  qd_warnings(${target})
  qd_link_time(${target})
  qd_hosted(${target})
  target_include_directories(${target} PUBLIC include PRIVATE ${dir} ${CMAKE_SOURCE_DIR})
endfunction()

# An executable that may look inside src/: a test or a bench. Sets qd_program_name for the caller.
function(qd_program root prefix source)
  file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/${root} ${source})
  string(REGEX REPLACE "\\.c$" "" name ${name})
  string(REGEX REPLACE "[/ ]" "_" name ${name})
  set(name ${prefix}${name})
  add_executable(${name} ${source} ${ARGN})
  qd_warnings(${name})
  qd_hosted(${name})
  target_include_directories(${name} PRIVATE include src tests sim ${CMAKE_SOURCE_DIR})
  if(TARGET qd_test_support)
    target_link_libraries(${name} PRIVATE qd_test_support)
  endif()
  target_link_libraries(${name} PRIVATE qd_all m)
  if(QD_LTO)
    target_link_options(${name} PRIVATE -fno-lto)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  set(qd_program_name ${name} PARENT_SCOPE)
endfunction()
