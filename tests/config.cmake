foreach(test yaml nearest name_list config config_mistakes config_substitute config_docs
        key_template address
        plan golden exit command_check command_model)
    leat_unit_test(${test} leat_worker)
endforeach()

foreach(test plan golden command_check command_model)
    target_sources(test_${test} PRIVATE unit/tiny_model.c)
endforeach()

leat_fuzz_target(config leat_worker)
