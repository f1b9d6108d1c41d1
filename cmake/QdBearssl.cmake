# BearSSL for src/crypto: compiled from its source package for every preset when scripts/bootstrap has fetched it,
# or the packaged library on the host. Its TLS engine and its system seeder are left out: random is a port.
# SPDX-License-Identifier: Apache-2.0

set(QD_BEARSSL_DIR ${CMAKE_SOURCE_DIR}/build/third_party/bearssl CACHE PATH "BearSSL's unpacked source")

if(EXISTS ${QD_BEARSSL_DIR}/inc/bearssl.h)
  file(GLOB_RECURSE bearssl_sources ${QD_BEARSSL_DIR}/src/*.c)
  list(FILTER bearssl_sources EXCLUDE REGEX "/src/ssl/|/sysrng\\.c$")
  add_library(qd_bearssl STATIC EXCLUDE_FROM_ALL ${bearssl_sources})
  target_include_directories(qd_bearssl SYSTEM PUBLIC ${QD_BEARSSL_DIR}/inc PRIVATE ${QD_BEARSSL_DIR}/src)
  target_compile_options(qd_bearssl PRIVATE -w)
elseif(NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_C_FLAGS MATCHES "-m32")
  find_path(BEARSSL_INCLUDE bearssl.h)
  find_library(BEARSSL_LIBRARY NAMES libbearssl.a bearssl)
  if(BEARSSL_INCLUDE AND BEARSSL_LIBRARY)
    add_library(qd_bearssl INTERFACE)
    target_include_directories(qd_bearssl SYSTEM INTERFACE ${BEARSSL_INCLUDE})
    target_link_libraries(qd_bearssl INTERFACE ${BEARSSL_LIBRARY})
  endif()
endif()

if(NOT TARGET qd_bearssl AND EXISTS ${CMAKE_SOURCE_DIR}/src/crypto/internal.h)
  message(FATAL_ERROR "BearSSL's source is missing: scripts/bootstrap run fetches it")
endif()
