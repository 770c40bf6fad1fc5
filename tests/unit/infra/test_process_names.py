from helpdesk.infra.child import Process, Stage


def test_a_single_process_keeps_its_name_and_copies_are_numbered():
    web = Process(name="web", run=("true",), stage=Stage.WEB)
    workers = Process(name="worker", run=("true",), stage=Stage.WORKERS, count=2)

    assert web.names() == ("web",)
    assert workers.names() == ("worker-1", "worker-2")


def test_stages_start_with_the_broker_and_stop_with_the_web_first():
    assert list(Stage) == [Stage.SUPPORT, Stage.WORKERS, Stage.FEEDERS, Stage.WEB, Stage.GUESTS]
