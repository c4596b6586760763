"""Asks a page all the time while something else happens."""

import http.client
import threading
import time


class Prober(threading.Thread):
    """Asks a page time and again, and knows how long the longest answer took."""

    def __init__(self, port, path, pause):
        super().__init__(daemon=True)
        self._port, self._path, self._pause = port, path, pause
        self._ended = threading.Event()
        self.answers = 0
        self.longest = 0.0
        self.bytes = 0
        self.failures = []

    def run(self):
        while not self._ended.is_set():
            begin = time.perf_counter()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
                connection.request("GET", self._path)
                self.bytes = len(connection.getresponse().read())
                self.answers += 1
                self.longest = max(self.longest, time.perf_counter() - begin)
            except ConnectionRefusedError:
                pass  # not there yet
            except OSError as error:
                self.failures.append(error)
            finally:
                connection.close()
            self._ended.wait(self._pause)

    def end(self):
        self._ended.set()
        self.join()
