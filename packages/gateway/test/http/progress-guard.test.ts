import t from 'tap'
import { ProgressGuard } from '../../src/http/progress-guard.js'

/** A client whose counts a test sets. */
function watched() {
  return {
    request: { complete: true, readableLength: 0 },
    response: { writableLength: 0, writableEnded: false },
    socket: { bytesRead: 0, bytesWritten: 0, writableLength: 0 },
  }
}

t.test('whoever owes nothing stands for as long as they like', async t => {
  const guard = new ProgressGuard(watched(), 0)
  t.equal(guard.look(1_000_000), 0)
})

t.test('a body that does not come counts from the last byte', async t => {
  const client = watched()
  client.request.complete = false
  const guard = new ProgressGuard(client, 0)
  t.equal(guard.look(10), 10)
  client.socket.bytesRead = 1
  t.equal(guard.look(20), 0)
  t.equal(guard.look(50), 30)
})

t.test('what came and nobody took yet is not owed by the client', async t => {
  const client = watched()
  client.request.complete = false
  client.request.readableLength = 5
  const guard = new ProgressGuard(client, 0)
  t.equal(guard.look(1_000), 0)
  client.request.readableLength = 0
  t.equal(guard.look(1_400), 400, 'from the look at which it owed nothing')
})

t.test('what waits for a reader counts, what the system took is movement', async t => {
  const client = watched()
  client.response.writableLength = 100
  client.socket.bytesWritten = 100
  client.socket.writableLength = 100
  const guard = new ProgressGuard(client, 0)
  t.equal(guard.look(10), 10)
  client.socket.bytesWritten = 200
  client.socket.writableLength = 200
  t.equal(guard.look(20), 20, 'more that waits is no movement')
  client.socket.writableLength = 150
  t.equal(guard.look(30), 0)
})
