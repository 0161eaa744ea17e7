"""A published service in a memory group of its own, and a client that reads while it writes."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
import uuid


def megabytes(count):
    return round(count / 2**20)


class Service:
    """The service, under a limit of memory as a container has one. Needs root and control groups of version 1 or 2."""

    def __init__(self, folder, memory, settings=(), cores=None, share=None):
        """cores: the cores that it may use; share: how much of one core it gets."""
        self.groups = [self._make_group("memory", {"memory.limit_in_bytes": memory}, {"memory.max": memory})]
        if share:
            quota = int(100_000 * share)
            self.groups.append(self._make_group(
                "cpu", {"cpu.cfs_period_us": 100_000, "cpu.cfs_quota_us": quota}, {"cpu.max": f"{quota} 100000"}))
        self.port, self.grpc_port = free_port(), free_port()
        environment = dict(os.environ, ASPNETCORE_ENVIRONMENT="Production", DOTNET_GCDynamicAdaptationMode="1",
                           Kestrel__Endpoints__Http__Url=f"http://127.0.0.1:{self.port}",
                           Kestrel__Endpoints__Grpc__Url=f"http://127.0.0.1:{self.grpc_port}")
        environment.update(setting.split("=", 1) for setting in settings)
        self.log = open(f"/tmp/loss-service-{self.port}.log", "w+b")
        join = "".join(f"echo $$ > {group}/cgroup.procs && " for group in self.groups)
        command = ["sh", "-c", f"{join}exec dotnet LossService.dll"]
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=self.log, stderr=self.log,
                                        preexec_fn=cores and (lambda: os.sched_setaffinity(0, cores)))

    @staticmethod
    def _make_group(controller, version1, version2):
        """Makes a control group; the limits are files of version 1 or 2."""
        with open("/proc/self/cgroup") as lines:
            groups = [line.strip().split(":", 2) for line in lines]
        own = next((path for _, names, path in groups if controller in names.split(",")), None)
        place, limits = ("/sys/fs/cgroup", version2) if own is None else (f"/sys/fs/cgroup/{controller}{own}", version1)
        group = f"{place}/loss-{uuid.uuid4().hex[:8]}"
        os.mkdir(group)
        for name, limit in limits.items():
            with open(f"{group}/{name}", "w") as file:
                file.write(str(limit))
        return group

    async def ready(self):
        for _ in range(600):
            with contextlib.suppress(OSError):
                if (await self.get("/readyz"))[0] == 200:
                    # what compiles in the background is done
                    await self.post("/v1/losses/cross_entropy", b'{"logits":[[1,2]],"labels":[0]}')
                    return self
            await asyncio.sleep(0.1)
        raise TimeoutError("the service did not start")

    def peak(self):
        for name in ("memory.max_usage_in_bytes", "memory.peak"):
            with contextlib.suppress(OSError):
                with open(f"{self.groups[0]}/{name}") as file:
                    return int(file.read())
        return 0

    def memory(self):
        """Resident and unshared; a killed service has none."""
        with contextlib.suppress(OSError):
            with open(f"/proc/{self.process.pid}/status") as lines:
                return next((1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)
        return 0

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lives(self):
        return self.process.poll() is None

    def errors(self):
        """The lines of the log at Error or worse."""
        with open(self.log.name, "rb") as log:
            return sum(b'"@l":"Error"' in line or b'"@l":"Fatal"' in line for line in log)

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        time.sleep(0.2)
        for group in self.groups:
            with contextlib.suppress(OSError):
                os.rmdir(group)

    async def get(self, path, **more):
        return await exchange(self.port, "GET", path, b"", **more)

    async def post(self, path, body, **more):
        return await exchange(self.port, "POST", path, body, **more)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def exchange(port, method, path, body, content_type="application/json", headers=(), hold=None):
    """One exchange on a connection of its own: status (0 = none), body, seconds until the status came."""
    start = time.monotonic()
    connection = socket.socket()
    connection.setblocking(False)
    # a network holds no megabytes for a client whose body is not read, as the loopback device does
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**18)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=2**20)
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if method == "POST":
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]

    async def send():
        with contextlib.suppress(OSError):
            writer.write("\r\n".join([*lines, "", ""]).encode())
            for at in range(0, len(body), 2**18):
                writer.write(body[at:at + 2**18])
                await writer.drain()

    sending = asyncio.create_task(send())
    status, seconds, text = 0, 0.0, b""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        status, seconds = int(head.split()[1]), time.monotonic() - start
        parts, kept = [], 0
        while part := await reader.read(2**20):
            if kept < 2**16:
                parts.append(part)
            kept += len(part)
        text = b"".join(parts)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        sending.cancel()
        writer.close()
    return status, text, seconds


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(share * len(times)))] if times else 0.0
