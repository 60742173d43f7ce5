import { TorcError } from '../errors.js'
import type { Frame } from '../frames/frame.js'
import { unleased } from '../frames/lease.js'
import { limits } from '../limits.js'
import { controlHeads } from '../messages/control.js'
import { checkerOf } from '../messages/fields.js'
import { frameType } from '../messages/frame-types.js'
import type { Call } from './call.js'
import type { IncomingStream } from './incoming-body.js'
import type { OpenRequest } from './open-request.js'
import type { ServedRequest } from './served-request.js'

const checkEnd = checkerOf(controlHeads.END)
const checkCredit = checkerOf(controlHeads.CREDIT)

/** The call that a frame belongs to, by who asked. Neither: the call is over, and what was under way is dropped. */
export interface CallOfFrame {
  readonly request: OpenRequest | undefined
  readonly served: ServedRequest | undefined
}

/** DATA, END, CREDIT or CANCEL of a stream that was opened some time. PROTOCOL on misuse. */
export function onStreamFrame(frame: Frame, { request, served }: CallOfFrame, dataBytesMax: number): void {
  const call: Call | undefined = request ?? served
  switch (frame.type) {
    case frameType.DATA:
      onData(frame, call, dataBytesMax)
      return
    case frameType.END: {
      const end = checkEnd(frame.head)
      if (call === undefined) return
      const incoming = expected(call, frame)
      if (request === undefined) incoming.finish(end)
      else request.finishBody(end)
      return
    }
    case frameType.CREDIT:
      onCredit(frame, call)
      return
    default:
      // CANCEL: the requester gives up, or the side that answers needs no more of the request's body.
      request?.stopBody()
      served?.abort(new TorcError('CANCELLED', 'the requester cancelled'))
  }
}

function onData(frame: Frame, call: Call | undefined, dataBytesMax: number): void {
  const { body, lease } = frame
  const [bytes] = body ?? []
  if (bytes === undefined || bytes.length === 0 || bytes.length > dataBytesMax) {
    throw new TorcError('PROTOCOL', `DATA without bytes or of more than ${dataBytesMax}`)
  }
  if (call === undefined) lease?.release()
  else expected(call, frame).push(lease ?? unleased(bytes))
}

function onCredit(frame: Frame, call: Call | undefined): void {
  const { bytes } = checkCredit(frame.head)
  if (call === undefined) return
  if (call.window + bytes > limits.streamWindowBytesMax) {
    throw new TorcError('PROTOCOL', `CREDIT raises the window of stream ${frame.stream} too far`)
  }
  call.credit(bytes)
}

/** The body that the frame continues. */
function expected(call: Call, frame: Frame): IncomingStream {
  const { incoming } = call
  if (incoming === undefined || incoming.ended) {
    throw new TorcError('PROTOCOL', `DATA or END on stream ${frame.stream}, where none may come`)
  }
  return incoming
}
