# What tells how a worker is: probes, metrics, halting.
foreach(test http)
    leat_unit_test(${test} leat_worker)
endforeach()
