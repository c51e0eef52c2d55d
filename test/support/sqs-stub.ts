/**
 * A server on loopback that speaks SQS's JSON protocol over a queue in memory, for what moto cannot do: it can be as awkward
 * as any server is allowed to be. A receive goes on when its connection was cut, and takes messages that nobody gets.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { atEnd } from "./cleanup.ts";

export interface StubFault {
  readonly code: string;
  readonly message: string;
  /** Default: the client's. */
  readonly server?: boolean;
}

export interface StubEntry {
  readonly Id: string;
  readonly MessageBody?: string;
  readonly DelaySeconds?: number;
  readonly MessageGroupId?: string;
  readonly ReceiptHandle?: string;
  readonly VisibilityTimeout?: number;
}

export interface StubRequest {
  readonly action: string;
  readonly entries: readonly StubEntry[];
  readonly input: Readonly<Record<string, unknown>>;
}

export interface StubOptions {
  /** Of one batch; what is beyond is refused as a whole. */
  readonly batchBytesMax?: number;
  /** A handle whose lease is over is an error of its entry. */
  readonly staleFails?: boolean;
  /** Looked at first. `null`: the connection is cut; `"silent"` for an entry: it is not answered for. */
  readonly failRequest?: (request: StubRequest) => StubFault | null | undefined;
  readonly failEntry?: (entry: StubEntry, request: StubRequest) => StubFault | "silent" | undefined;
  /** Between us and the queue in memory. */
  readonly wrap?: (queue: JobQueue) => JobQueue;
}

export interface SqsStub {
  readonly endpoint: string;
  /** The URL of a new, empty queue. */
  createQueue(name?: string): string;
  /** In the order in which they came. */
  readonly requests: StubRequest[];
}

const stale: StubFault = {
  code: "ReceiptHandleIsInvalid",
  message: "The input receipt handle is invalid: it has expired.",
};

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

class StubQueue {
  readonly queue: JobQueue;
  readonly #ends = new Map<string, number>();

  constructor({ wrap = (queue) => queue }: StubOptions) {
    this.queue = wrap(new MemoryJobQueue({ clock: systemClock, random: systemRandom }));
  }

  isStale(handle: string): boolean {
    return (this.#ends.get(handle) ?? 0) <= performance.now();
  }

  lasts(handle: string, seconds: number): void {
    this.#ends.set(handle, performance.now() + seconds * 1_000);
  }
}

class Stub {
  readonly requests: StubRequest[] = [];
  readonly queues = new Map<string, StubQueue>();
  readonly #options: StubOptions;

  constructor(options: StubOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const input = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const action = String(request.headers["x-amz-target"]).replace("AmazonSQS.", "");
    const entries = (input["Entries"] ?? []) as StubEntry[];
    const seen = { action, input, entries };
    this.requests.push(seen);
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(body));
    };
    const failed = this.#options.failRequest?.(seen);
    if (failed === null) {
      request.socket.destroy();
      return;
    }
    const fault = failed ?? this.#refusal(seen);
    if (fault !== undefined) {
      const { code, message, server = false } = fault;
      reply(server ? 503 : 400, { __type: `com.amazonaws.sqs#${code}`, message });
    } else reply(200, await this.#done(seen));
  }

  #refusal({ action, input, entries }: StubRequest): StubFault | undefined {
    if (this.#queueOf(action, input) === undefined) return { code: "QueueDoesNotExist", message: "No such queue." };
    const bytes = entries.reduce((sum, { MessageBody: body = "" }) => sum + Buffer.byteLength(body), 0);
    const { batchBytesMax = Number.POSITIVE_INFINITY } = this.#options;
    return bytes > batchBytesMax ? { code: "BatchRequestTooLong", message: `${bytes} bytes.` } : undefined;
  }

  /** By its name, which is where its URL ends. */
  #queueOf(action: string, input: StubRequest["input"]): StubQueue | undefined {
    const name = action === "GetQueueUrl" ? input["QueueName"] : new URL(String(input["QueueUrl"])).pathname.slice(1);
    return this.queues.get(String(name).replace(/^.*\//, ""));
  }

  async #done(request: StubRequest): Promise<unknown> {
    const { action, input, entries } = request;
    const queue = this.#queueOf(action, input) as StubQueue;
    // With a host that only the server knows, as servers in containers do.
    if (action === "GetQueueUrl")
      return { QueueUrl: `http://queues.invalid/000000000000/${String(input["QueueName"])}` };
    if (action === "ReceiveMessage") return await this.#receive(queue, input);
    if (action === "GetQueueAttributes") {
      const { visible, leased, delayed } = await queue.queue.counts();
      return {
        Attributes: {
          ApproximateNumberOfMessages: `${visible}`,
          ApproximateNumberOfMessagesNotVisible: `${leased}`,
          ApproximateNumberOfMessagesDelayed: `${delayed}`,
        },
      };
    }
    const Successful: unknown[] = [];
    const Failed: unknown[] = [];
    for (const entry of entries) {
      const fault = this.#options.failEntry?.(entry, request) ?? (await this.#apply(queue, action, entry));
      if (fault === undefined)
        Successful.push({ Id: entry.Id, MessageId: entry.Id, MD5OfMessageBody: md5(entry.MessageBody ?? "") });
      else if (fault !== "silent") {
        const { code: Code, message: Message, server = false } = fault;
        Failed.push({ Id: entry.Id, Code, Message, SenderFault: !server });
      }
    }
    return { Successful, Failed };
  }

  async #apply(queue: StubQueue, action: string, entry: StubEntry): Promise<StubFault | undefined> {
    const { MessageBody: body = "", DelaySeconds: delay = 0, MessageGroupId: group = "" } = entry;
    if (action === "SendMessageBatch") {
      const [sent] = await queue.queue.send([{ body, group, delayMs: delay * 1_000 }]);
      return sent?.ok === true ? undefined : { code: "InvalidMessageContents", message: "Not this one." };
    }
    const { ReceiptHandle: handle = "", VisibilityTimeout: seconds = 0 } = entry;
    if (this.#options.staleFails === true && queue.isStale(handle)) return stale;
    queue.lasts(handle, seconds);
    if (action === "DeleteMessageBatch") await queue.queue.acknowledge([handle]);
    else if (seconds > 0) await queue.queue.extend([{ handle, leaseMs: seconds * 1_000 }]);
    else await queue.queue.release([{ handle, delayMs: 0 }]);
    return undefined;
  }

  async #receive(queue: StubQueue, input: StubRequest["input"]): Promise<unknown> {
    const seconds = Number(input["VisibilityTimeout"]);
    const waitMs = Number(input["WaitTimeSeconds"]) * 1_000;
    const leases = await queue.queue.lease(Number(input["MaxNumberOfMessages"]), { leaseMs: seconds * 1_000, waitMs });
    const Messages = leases.map(({ body: Body, handle: ReceiptHandle, receiveCount }) => {
      queue.lasts(ReceiptHandle, seconds);
      const Attributes = { ApproximateReceiveCount: `${receiveCount}` };
      return { MessageId: ReceiptHandle, ReceiptHandle, Body, MD5OfBody: md5(Body), Attributes };
    });
    return Messages.length === 0 ? {} : { Messages };
  }
}

/** Stopped at the end of the test, or of the run. */
export async function startSqsStub(options: StubOptions = {}): Promise<SqsStub> {
  const stub = new Stub(options);
  const server = createServer((request, response) => {
    stub.answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  atEnd(async () => {
    for (const { queue } of stub.queues.values()) await queue.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    endpoint,
    requests: stub.requests,
    createQueue: (name = `stub-${stub.queues.size}`) => {
      stub.queues.set(name, new StubQueue(options));
      return `${endpoint}/000000000000/${name}`;
    },
  };
}
