# cmake -D LEAT=leat -D NAME=NAME -D EVENTS=N -D FIGURE=KEY -D LEAST=NUMBER -D REPORT=FILE
#       -P demo_report.cmake: runs the demo and reads its report.
cmake_minimum_required(VERSION 3.22)

file(REMOVE ${REPORT})
execute_process(COMMAND ${LEAT} demo ${NAME} --events ${EVENTS} --report ${REPORT}
                RESULT_VARIABLE code)
if(NOT code EQUAL 0)
    message(FATAL_ERROR "leat demo ended with ${code}")
endif()

function(expect key comparison value)
    file(READ ${REPORT} report)
    string(JSON found GET "${report}" ${key})
    if(NOT found ${comparison} ${value})
        message(FATAL_ERROR "${key} is ${found}, expected ${comparison} ${value}")
    endif()
endfunction()

expect(events EQUAL ${EVENTS})
expect(lost EQUAL 0)
expect(duplicated EQUAL 0)
expect(dead_letters GREATER 0)
expect(${FIGURE} GREATER_EQUAL ${LEAST})
expect(seconds GREATER 0)
expect(events_per_second GREATER 0)
expect(p50_ms GREATER 0)
expect(p99_ms GREATER 0)

# Every event came out once, as one thing or the other.
file(READ ${REPORT} report)
string(JSON predictions GET "${report}" predictions)
string(JSON dead_letters GET "${report}" dead_letters)
math(EXPR records "${predictions} + ${dead_letters}")
if(NOT records EQUAL EVENTS)
    message(FATAL_ERROR "${predictions} predictions and ${dead_letters} dead letters")
endif()
