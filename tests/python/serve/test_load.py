"""Many clients at once, some of whom send nonsense: nothing is lost, nothing is swapped, memory stays."""

import asyncio
import random
import time

import pytest
import torusnn
from serving import INFER, OCTETS, metric, served, shades

CLIENTS, BROKEN = 20, 0.1
IMAGES = 40


def broken(body, dice):
    """A body that is refused, and with which status."""
    place = dice.randrange(64, len(body))
    return dice.choice([(body[:-7], 400), (body[:place] + bytes([body[place] ^ 255]) + body[place + 1:], 400),
                        (b"TNNE" + body[4:], 400), (body[:40] + bytes(8) + body[48:], 422), (b"", 400)])


class Request:
    """One of many: whose it is, and how it must end."""

    def __init__(self, users, images, number, dice):
        self.user = users[number % CLIENTS]
        self.body, self.expected = self.user.encrypted(dice.choice(images)[None]), 200
        if dice.random() < BROKEN:
            self.body, self.expected = broken(self.body, dice)

    async def send(self, http):
        self.answer = await http.post(INFER, content=self.body, headers=OCTETS)

    def check(self, evaluator):
        """Inference is deterministic: what the service says of these very bytes, the library says here."""
        assert self.answer.status_code == self.expected, self.answer.text
        if self.expected == 200:
            assert self.answer.content == bytes(evaluator.infer(torusnn.EncryptedImage.from_bytes(self.body)))


async def all_at_once(server, requests):
    async with server.async_http(len(requests)) as http:
        await asyncio.gather(*(request.send(http) for request in requests))


def load(tmp_path, users, net, count):
    dice, images = random.Random(count), shades(IMAGES)
    requests = [Request(users, images, number, dice) for number in range(count)]
    with served(tmp_path, "--queue", count) as server, server.http() as http:
        assert {users[each].put(http).status_code for each in range(CLIENTS)} == {201}
        started = time.monotonic()
        asyncio.run(all_at_once(server, requests))
        print(f"{count} requests at once: {time.monotonic() - started:.1f} s")
        text = http.get("/metrics").text
    for number in range(CLIENTS):
        evaluator = torusnn.Evaluator(net, users[number].client.evaluation_key)
        for request in requests[number::CLIENTS]:
            request.check(evaluator)
    good = sum(request.expected == 200 for request in requests)
    assert 0.85 * count < good < 0.95 * count
    assert metric(text, "torusnn_images_total") == good and metric(text, "torusnn_queue_length") == 0
    assert metric(text, "torusnn_key_loads_total") == CLIENTS
    answered = [line for line in server.lines() if line["event"] == "request" and line["route"].endswith("infer")]
    assert len(answered) == count and len({line["id"] for line in answered}) == count


def test_200_requests_of_20_clients(tmp_path, users, net):
    load(tmp_path, users, net, 200)


@pytest.mark.slow
def test_1000_requests_of_20_clients(tmp_path, users, net):
    load(tmp_path, users, net, 1000)


def soak(tmp_path, users, rounds, each):
    """Resident memory at the end of the first third of the rounds, and at the end."""
    resident = []
    with served(tmp_path, "--evaluator-mib", 64, "--threads", 1) as server, server.http() as http:
        bodies = [(user.encrypted(shades(1)), user) for user in (users[number] for number in range(4))]
        for _ in range(rounds):
            for body, user in bodies:
                assert user.put(http).status_code in (200, 201)
                for _ in range(each):
                    assert http.post(INFER, content=body, headers=OCTETS).status_code == 200
                assert http.post(INFER, content=body[:-1], headers=OCTETS).status_code == 400
            assert http.delete(users[0].key_path).status_code == 204
            resident.append(server.resident())
    return resident[len(resident) // 3], resident[-1]


def test_memory_is_constant(tmp_path, users):
    before, after = soak(tmp_path, users, 8, 3)
    assert after < 1.1 * before


@pytest.mark.slow
def test_memory_is_constant_for_long(tmp_path, users):
    before, after = soak(tmp_path, users, 24, 20)
    print(f"resident {before >> 20} MiB, then {after >> 20} MiB")
    assert after < 1.03 * before
