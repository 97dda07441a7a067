# What tells how a worker is: probes, metrics, halting.
foreach(test http batch_meters exposition process failure_rate)
    leat_unit_test(${test} leat_worker)
endforeach()
