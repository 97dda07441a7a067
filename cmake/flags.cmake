# Warnings, hardening and sanitizers, as one interface library that every target links.
add_library(leat_flags INTERFACE)

target_compile_options(leat_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wformat=2)
target_compile_definitions(leat_flags INTERFACE _GNU_SOURCE)
if(LEAT_WERROR)
    target_compile_options(leat_flags INTERFACE -Werror)
endif()

if(LEAT_SANITIZE)
    target_compile_options(leat_flags INTERFACE
        -fsanitize=${LEAT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(leat_flags INTERFACE -fsanitize=${LEAT_SANITIZE})
endif()

# librdkafka runs on C11 threads, which ThreadSanitizer does not know.
if(LEAT_SANITIZE MATCHES "thread")
    add_library(leat_c11_threads SHARED tests/tsan/c11_threads.c)
    target_link_libraries(leat_flags INTERFACE leat_c11_threads)
endif()

# libFuzzer sees the coverage of everything that is linked into a target, and so do we.
if(LEAT_FUZZ)
    set(fuzz -fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping)
    target_compile_options(leat_flags INTERFACE ${fuzz})
    target_link_options(leat_flags INTERFACE ${fuzz})
endif()

# The bit-equality of forest scores rests on plain IEEE arithmetic: no contraction into
# fused multiply-adds, and never -ffast-math.
target_compile_options(leat_flags INTERFACE -ffp-contract=off)

if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(leat_flags INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong
        -fstack-clash-protection -fcf-protection=full)
    target_link_options(leat_flags INTERFACE
        -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
