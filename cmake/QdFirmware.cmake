# Images for boards: build/<preset>/firmware/NAME.elf and NAME.bin, only when compiling for bare metal.
# SPDX-License-Identifier: Apache-2.0

if(NOT CMAKE_SYSTEM_NAME STREQUAL Generic)
  return()
endif()

set(QD_MPS2 ${CMAKE_SOURCE_DIR}/ports/cortex-m-mps2)

# The port without its main: a program for the board brings its own.
file(GLOB sources CONFIGURE_DEPENDS ${QD_MPS2}/*.c)
list(REMOVE_ITEM sources ${QD_MPS2}/main.c)
add_library(qd_mps2 OBJECT ${sources})
qd_warnings(qd_mps2)
target_compile_options(qd_mps2 PRIVATE -ffreestanding)
target_include_directories(qd_mps2 PUBLIC include ${QD_MPS2})

# An image of the port and SOURCE...
function(qd_image name)
  add_executable(${name} ${ARGN} $<TARGET_OBJECTS:qd_mps2>)
  qd_warnings(${name})
  target_include_directories(${name} PRIVATE include ${QD_MPS2})
  target_link_libraries(${name} PRIVATE qd_all)
  target_link_options(${name} PRIVATE -T${QD_MPS2}/mps2.ld -nostartfiles --specs=nano.specs -Wl,--gc-sections
                                      -Wl,-Map=${CMAKE_BINARY_DIR}/firmware/${name}.map)
  set_target_properties(${name} PROPERTIES SUFFIX .elf RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/firmware
                                           LINK_DEPENDS ${QD_MPS2}/mps2.ld)
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:${name}> ${CMAKE_BINARY_DIR}/firmware/${name}.bin)
endfunction()

foreach(model st402 mini)
  qd_image(${model} ${QD_MPS2}/main.c)
  target_compile_options(${model} PRIVATE -ffreestanding)
  target_compile_definitions(${model} PRIVATE QD_FIRMWARE_MODEL=qd_model_${model})
  # The same with every message to metrology framed, as between two images.
  qd_image(${model}_loopback ${QD_MPS2}/main.c)
  target_compile_options(${model}_loopback PRIVATE -ffreestanding)
  target_compile_definitions(${model}_loopback PRIVATE QD_FIRMWARE_MODEL=qd_model_${model} QD_FIRMWARE_GATE=&qd_gate_by_loopback)
endforeach()

# The application that does what it must not: tests/firmware.
qd_image(hostile tests/firmware/hostile.c)

# Programs of tests on the board, privileged and alone, with the whole newlib.
function(qd_plain_flags target)
  qd_warnings(${target})
  # Newlib's inttypes.h looks at types that only its own headers name, and gcc's stdint.h stands before them.
  target_compile_options(${target} PRIVATE "SHELL:-include sys/types.h")
  target_include_directories(${target} PRIVATE include src tests sim ${CMAKE_SOURCE_DIR})
endfunction()

add_library(qd_plain_start OBJECT tests/firmware/plain.c)
qd_plain_flags(qd_plain_start)

function(qd_plain name stack)
  add_executable(${name} ${ARGN} $<TARGET_OBJECTS:qd_plain_start>)
  qd_plain_flags(${name})
  target_link_libraries(${name} PRIVATE qd_all qd_plain_sim m)
  target_link_options(${name} PRIVATE -T${QD_MPS2}/mps2.ld -nostartfiles -Wl,--gc-sections
                                      -Wl,--defsym=QD_STACK_SIZE=${stack})
  set_target_properties(${name} PROPERTIES SUFFIX .elf RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/firmware
                                           LINK_DEPENDS ${QD_MPS2}/mps2.ld)
endfunction()

# The simulator's memories, its supply for programs that cut it, and its lines.
add_library(qd_plain_sim STATIC sim/fram.c sim/nor.c sim/medium.c sim/supply.c sim/uart.c)
qd_warnings(qd_plain_sim)
target_include_directories(qd_plain_sim PUBLIC include PRIVATE sim ${CMAKE_SOURCE_DIR})

qd_plain(bench 32768 tests/firmware/bench.c)
file(GLOB sources CONFIGURE_DEPENDS tests/vectors/*.c)
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  qd_plain(vectors_${name} 32768 ${source})
endforeach()

# The unit tests, with a stand-in for cmocka. These stay on the host:
set(QD_UNIT_HOST
  cosem_profile_model # its ring alone is larger than most of the board's memory
  load_load  # reads files, and a load lives on the heap
  meter_door # pages that mprotect closes; test_fences.py does that with the memory protection unit
  sim_cut)   # forks, and its harness keeps worlds on the heap
# All others are built by the target unit_images, these few with everything:
set(QD_UNIT_FEW base_base base_integer meter_sealer_gcm metrology_notice store_store)

add_library(qd_plain_cmocka OBJECT tests/firmware/cmocka.c)
qd_plain_flags(qd_plain_cmocka)
qd_plain(assertions 32768 tests/firmware/assertions.c $<TARGET_OBJECTS:qd_plain_cmocka>)
target_include_directories(assertions BEFORE PRIVATE tests/firmware)
add_custom_target(unit_images)
file(GLOB_RECURSE sources CONFIGURE_DEPENDS tests/unit/test_*.c)
foreach(source IN LISTS sources)
  file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/tests/unit ${source})
  string(REGEX REPLACE "^(.*)/test_([^/]*)\\.c$" "\\1_\\2" name ${name})
  if(name IN_LIST QD_UNIT_HOST)
    continue()
  endif()
  # Worlds on the stack, with whole memories in them.
  qd_plain(unit_${name} 524288 ${source} $<TARGET_OBJECTS:qd_plain_cmocka>)
  target_include_directories(unit_${name} BEFORE PRIVATE tests/firmware)
  if(NOT name IN_LIST QD_UNIT_FEW)
    set_target_properties(unit_${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
  add_dependencies(unit_images unit_${name})
endforeach()
