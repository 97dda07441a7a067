# What tells how a worker is: probes, metrics, halting.
foreach(test http endpoints health batch_meters exposition metrics process failure_rate
        supervisor signals)
    leat_unit_test(${test} leat_worker)
endforeach()
