# cmake -D LEAT=leat -D REPORT=FILE -P demo_report.cmake: runs the demo and reads its report.
cmake_minimum_required(VERSION 3.22)

file(REMOVE ${REPORT})
execute_process(COMMAND ${LEAT} demo --events 5000 --report ${REPORT}
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

expect(events EQUAL 5000)
expect(lost EQUAL 0)
expect(duplicated EQUAL 0)
expect(dead_letters GREATER 0)
expect(auc GREATER_EQUAL 0.9)
expect(seconds GREATER 0)
expect(events_per_second GREATER 0)
expect(p50_ms GREATER 0)
expect(p99_ms GREATER 0)

# Every event came out once, as one thing or the other.
file(READ ${REPORT} report)
string(JSON predictions GET "${report}" predictions)
string(JSON dead_letters GET "${report}" dead_letters)
math(EXPR records "${predictions} + ${dead_letters}")
if(NOT records EQUAL 5000)
    message(FATAL_ERROR "${predictions} predictions and ${dead_letters} dead letters")
endif()
