# Read by ctest after the tests are known: each of them begins after the fixture that unpacks a kubectl.
set_tests_properties(${apiserver_kubectl_test_TESTS} PROPERTIES FIXTURES_REQUIRED unpacked_kubectl)
