"""gRPC messages that become many times their length when they are parsed, alone and eight at once, plain and as gzip.

    python3 messages.py FOLDER     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it
"""

import asyncio
import sys

import grpc

from probe import Probe
from service import Service, megabytes, percentile

LENGTH = 22 * 2**20
METHOD = "/inference.GRPCInferenceService/ModelInfer"


def varint(number):
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def field(tag, content):
    return bytes([tag]) + varint(len(content)) + content


def entries():
    return b"".join(field(0x22, field(0x0a, b"%d" % i) + b"\x12\x02\x10\x01") for i in range(LENGTH // 18))


MESSAGES = {
    "int64 of one byte": field(0x2a, field(0x2a, field(0x1a, bytes(LENGTH)))),
    "parameters": entries(),
    "byte strings of one byte": field(0x2a, field(0x2a, b"\x42\x01\x01" * (LENGTH // 3))),
    "empty inputs": b"\x2a\x00" * (LENGTH // 2),
    "unknown fields": b"\x78\x01" * (LENGTH // 2),
}


async def call(channel, message, compression):
    infer = channel.unary_unary(METHOD, request_serializer=bytes, response_deserializer=bytes)
    try:
        await infer(message, compression=compression, timeout=60)
        return "OK"
    except grpc.aio.AioRpcError as error:
        return f"{error.code().name}: {error.details()[:60]}"


async def run(folder, name, message, compression, count):
    service = await Service(folder, 512 * 2**20).ready()
    probe = Probe(service.port)
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{service.grpc_port}") for _ in range(count)]
    answers = await asyncio.gather(*(call(channel, message, compression) for channel in channels))
    times = probe.seconds()
    counted = ", ".join(f"{answers.count(answer)} × {answer}" for answer in sorted(set(answers)))
    print(f"| {name}{', gzip' if compression else ''}, {count} | {counted} | {service.cpu():.1f} s | {megabytes(service.peak())} MiB "
          f"| {1000 * percentile(times, 0.99):.0f} ms | {'lives' if service.lives() else 'KILLED'}, errors {service.errors()} |", flush=True)
    for channel in channels:
        await channel.close()
    service.stop()


async def main(folder):
    for name, message in MESSAGES.items():
        for compression in (None, grpc.Compression.Gzip):
            for count in (1, 8):
                await run(folder, name, message, compression, count)


asyncio.run(main(sys.argv[1]))
