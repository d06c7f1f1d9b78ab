"""RQ and Celery: `queue_bench.py rq|rq-simple|celery JOBS`. REDIS_URL is a server of our own, BENCH_RECORDS a file of our own."""
import json
import os
import signal
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.dirname(sys.executable)
URL = os.environ["REDIS_URL"]
RECORDS = os.environ["BENCH_RECORDS"]
WAIT_S = 180


def forget():
    open(RECORDS, "wb").close()


def began():
    """(number, time) of every job that has begun."""
    with open(RECORDS, "rb") as file:
        return list(struct.iter_unpack("<QQ", file.read()))


def wait_for(count):
    end = time.time() + WAIT_S
    while os.path.getsize(RECORDS) < 16 * count:
        if time.time() > end:
            raise SystemExit(f"only {os.path.getsize(RECORDS) // 16} of {count} jobs after {WAIT_S} s")
        time.sleep(0.005)


def tree(pid):
    yield pid
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = file.read().split()
    except OSError:
        return
    for child in children:
        yield from tree(int(child))


def cpu_s(pid):
    """Of a process, its children, and those that have ended."""
    ticks = 0
    for process in tree(pid):
        try:
            with open(f"/proc/{process}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ticks += sum(int(field) for field in fields[11:15])
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK")


class Worker:
    """A process group of our own, stopped as such."""

    def __init__(self, command):
        out = open(RECORDS + ".log", "ab")
        environment = dict(os.environ, PYTHONPATH=HERE)
        self.process = subprocess.Popen(
            command, stdout=out, stderr=out, cwd=HERE, env=environment, start_new_session=True
        )

    def stop(self):
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sign)
                self.process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass


def peer(name):
    if name == "celery":
        import celery_noop

        command = [f"{BIN}/celery", "-q", "-A", "celery_noop", "worker", "-l", "ERROR"]
        command += ["--without-gossip", "--without-mingle", "-c", "2"]
        return "Celery, two processes", command, celery_noop.noop.delay
    from redis import Redis
    from rq import Queue

    queue = Queue(connection=Redis.from_url(URL))

    def submit(n):
        queue.enqueue("noop.record", n, result_ttl=0)

    command = [f"{BIN}/rq", "worker", "-q", "--url", URL]
    if name == "rq-simple":
        return "RQ, SimpleWorker", command + ["-w", "rq.worker.SimpleWorker"], submit
    return "RQ, as installed (a fork for each job)", command, submit


def say(label, test, jobs, seconds, cpu):
    line = {"peer": label, "store": "redis", "test": test, "count": jobs, "producers": 1}
    line.update(per_s=round(jobs / seconds, 1), cpu_ms_each=round(cpu / jobs * 1e3, 4))
    print(json.dumps(line), flush=True)


def main():
    name, jobs = sys.argv[1], int(sys.argv[2])
    os.environ["PYTHONPATH"] = HERE
    sys.path.insert(0, HERE)
    label, command, submit = peer(name)

    forget()
    for n in range(jobs):
        submit(n)
    worker = Worker(command)
    try:
        wait_for(jobs)
        times = [at for _, at in began()]
        say(label, "drain", jobs, (max(times) - min(times)) / 1e9, cpu_s(worker.process.pid))

        forget()
        for n in range(20):
            submit(n)
        wait_for(20)
        time.sleep(1)
        forget()
        cpu, start = cpu_s(worker.process.pid), time.time_ns()
        for n in range(jobs):
            submit(n)
        wait_for(jobs)
        last = max(at for _, at in began())
        say(label, "e2e", jobs, (last - start) / 1e9, cpu_s(worker.process.pid) - cpu)
    finally:
        worker.stop()


main()
