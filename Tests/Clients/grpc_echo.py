"""A gRPC service that echoes bytes, and a client of it: the official implementation on both sides.

    grpc_echo.py origin                   prints its port and serves
    grpc_echo.py client H2C TLS CERT      through the listeners of these ports
"""

import concurrent.futures
import queue
import sys
import threading

import grpc

UNARY, STREAM, FAIL = "/echo.Echo/Unary", "/echo.Echo/Stream", "/echo.Echo/Fail"


class Echo(grpc.GenericRpcHandler):
    def service(self, call):
        if call.method == UNARY:
            return grpc.unary_unary_rpc_method_handler(self.unary)
        if call.method == STREAM:
            return grpc.stream_stream_rpc_method_handler(self.stream)
        if call.method == FAIL:
            return grpc.unary_unary_rpc_method_handler(self.fail)
        return None

    def unary(self, request, context):
        given = dict(context.invocation_metadata())
        context.send_initial_metadata((("x-first", given.get("x-given", "")),))
        context.set_trailing_metadata((("x-last-bin", b"\0\xff"),))
        return request

    def stream(self, requests, context):
        count = 0
        for request in requests:
            count += 1
            yield request
        context.set_trailing_metadata((("x-count", str(count)),))

    def fail(self, request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today")


def check(channel):
    unary = channel.unary_unary(UNARY)
    for size in (0, 1, 3_000_000):
        payload = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        answer, call = unary.with_call(payload, timeout=20, metadata=(("x-given", "g"),))
        assert answer == payload
        assert dict(call.initial_metadata())["x-first"] == "g"
        assert dict(call.trailing_metadata())["x-last-bin"] == b"\0\xff"
    # In both directions at once: each message is answered before the next one is said.
    said = queue.Queue()
    call = channel.stream_stream(STREAM)(iter(said.get, None), timeout=20)
    for at in range(100):
        said.put(b"%d" % at)
        assert next(call) == b"%d" % at
    said.put(None)
    assert list(call) == []
    assert dict(call.trailing_metadata())["x-count"] == "100"
    for method, code in ((FAIL, grpc.StatusCode.FAILED_PRECONDITION), ("/echo.Echo/None", grpc.StatusCode.UNIMPLEMENTED)):
        try:
            channel.unary_unary(method)(b"", timeout=20)
            raise AssertionError(method)
        except grpc.RpcError as fault:
            assert fault.code() == code, fault
    # A call that is called off reaches the origin as such, and leaves the connection whole.
    call = channel.stream_stream(STREAM)(iter(queue.Queue().get, None), timeout=20)
    call.cancel()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(unary(b"y", timeout=20))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"y"] * 40, len(answers)


OPTIONS = [("grpc.max_receive_message_length", 1 << 24), ("grpc.use_local_subchannel_pool", 1),
           ("grpc.enable_http_proxy", 0)]
NAMED = OPTIONS + [("grpc.default_authority", "grpc.example")]

if sys.argv[1] == "origin":
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(50), handlers=[Echo()], options=OPTIONS)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()
else:
    with grpc.insecure_channel("127.0.0.1:" + sys.argv[2], options=NAMED) as channel:
        check(channel)
    roots = grpc.ssl_channel_credentials(open(sys.argv[4], "rb").read())
    named = OPTIONS + [("grpc.ssl_target_name_override", "grpc.example")]
    with grpc.secure_channel("127.0.0.1:" + sys.argv[3], roots, options=named) as channel:
        check(channel)
    print("gRPC echo, unary and in both directions, over h2c and TLS")
