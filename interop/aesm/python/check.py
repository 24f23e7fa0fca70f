"""A client that protoc made from a description of the protocol, against the daemon, in the order of Enarx's and of Gramine's.

    check.py SOCKET REPORT QUOTE

REPORT is for the quoting enclave; the quote over it is written to QUOTE.
"""

import hashlib
import socket
import struct
import sys

from aesm_pb2 import Request, Response

TIMEOUT = 1_000_000
DCAP_SIGNER = bytes.fromhex("8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff")


def exchange(path, frame):
    """Everything that comes back on a connection of its own."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(15)
        connection.connect(path)
        connection.sendall(frame)
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
        return answer


def ask(path, name, **fields):
    """The response to a request by its name in the protocol."""
    request = Request()
    member = getattr(request, name + "Req")
    member.SetInParent()
    for field, value in fields.items():
        setattr(member, field, value)
    body = request.SerializeToString()
    answer = exchange(path, struct.pack("<I", len(body)) + body)
    (length,) = struct.unpack_from("<I", answer)
    assert length == len(answer) - 4, "one frame and nothing else"
    response = Response.FromString(answer[4:])
    assert [field.name for field, _ in response.ListFields()] == [name + "Res"]
    return getattr(response, name + "Res")


def main(path, report_path, quote_path):
    with open(report_path, "rb") as file:
        report = file.read()
    number = ask(path, "getSupportedAttKeyIDNum", timeout=TIMEOUT)
    assert (number.errorCode, number.att_key_id_num) == (0, 1)
    keys = ask(path, "getSupportedAttKeyIDs", buf_size=256, timeout=TIMEOUT)
    assert (keys.errorCode, len(keys.att_key_ids)) == (0, 256)
    key = keys.att_key_ids
    assert key[6:38] == DCAP_SIGNER and struct.unpack_from("<I", key, 154) == (2,)
    listed = struct.pack("<HHI", 0, 0, 1) + key
    selected = ask(path, "selectAttKeyID", att_key_id_list=listed)
    assert (selected.errorCode, selected.selected_att_key_id) == (0, key)
    assert ask(path, "selectAttKeyID").selected_att_key_id == key

    size = ask(path, "initQuoteEx", att_key_id=key, b_pub_key_id=False, timeout=TIMEOUT)
    assert (size.errorCode, size.pub_key_id_size, size.target_info) == (0, 32, bytes(512))
    ready = ask(path, "initQuoteEx", att_key_id=key, b_pub_key_id=True, buf_size=32, timeout=TIMEOUT)
    assert (ready.errorCode, len(ready.target_info), len(ready.pub_key_id)) == (0, 512, 32)
    needed = ask(path, "getQuoteSizeEx", att_key_id=key, timeout=TIMEOUT)
    assert needed.errorCode == 0

    # Gramine asks with a buffer of one size, and trims the quote; Enarx with the size that is needed.
    asked = {"report": report, "att_key_id": key}
    answer = ask(path, "getQuoteEx", buf_size=8192, **asked)
    assert (answer.errorCode, len(answer.quote), answer.HasField("qe_report_info")) == (0, 8192, False)
    (signature,) = struct.unpack_from("<I", answer.quote, 432)
    assert 436 + signature == needed.quote_size and not any(answer.quote[436 + signature :])
    nonce = bytes(range(16))
    info = nonce + ready.target_info + bytes(432)
    answer = ask(path, "getQuoteEx", buf_size=needed.quote_size, qe_report_info=info, **asked)
    assert answer.errorCode == 0 and answer.qe_report_info[:528] == info[:528]
    said = answer.qe_report_info[528 + 320 : 528 + 384]
    assert said == hashlib.sha256(nonce + answer.quote).digest() + bytes(32)
    with open(quote_path, "wb") as file:
        file.write(answer.quote)

    for code, name, fields in [
        (3, "getSupportedAttKeyIDs", {"buf_size": 512}),
        (3, "selectAttKeyID", {"att_key_id_list": listed[:-1]}),
        (38, "initQuoteEx", {"att_key_id": bytes(256), "b_pub_key_id": True, "buf_size": 32}),
        (3, "initQuoteEx", {"att_key_id": key, "b_pub_key_id": True, "buf_size": 64}),
        (3, "getQuoteEx", {**asked, "buf_size": needed.quote_size - 1}),
        (3, "getQuoteEx", {**asked, "report": report + b"\0", "buf_size": 8192}),
        (47, "getQuoteEx", {**asked, "report": report[:-1] + bytes([report[-1] ^ 1]), "buf_size": 8192}),
        (30, "initQuote", {}),
        (30, "getLicToken", {"mr_enclave": bytes(32), "mr_signer": bytes(384), "se_attributes": bytes(16)}),
    ]:
        assert ask(path, name, **fields).errorCode == code, (name, fields)
    for frame in [b"\x01", b"\0\0\0\0", b"\x02\0\0\0\xff\xff"]:
        assert exchange_and_close(path, frame) == b"", frame
    print(f"protobuf in Python: key ids, selection, initialisation, a quote of {needed.quote_size} bytes, refusals")


def exchange_and_close(path, frame):
    """The same, and nothing more is sent."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(15)
        connection.connect(path)
        connection.sendall(frame)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
