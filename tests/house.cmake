# The directions of the house, and headers that compile alone.
add_test(NAME house.directions COMMAND tests/house/directions)
add_test(NAME house.directions_selftest COMMAND tests/house/selftest)
add_test(NAME house.headers
         COMMAND tests/house/headers ${CMAKE_C_COMPILER} ${MSGPACK_CFLAGS})
set_tests_properties(house.directions house.directions_selftest house.headers PROPERTIES
    LABELS unit TIMEOUT 120 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
