import { type Answer, AnswerError, type AnswerLimits, AnswerReader } from "./answer.ts";
import { converse, type Exchanged, type ExchangeTimes, type Reader } from "./conversation.ts";
import type { Endpoint } from "./endpoint.ts";
import { describeUnreadable, XCATD_ADVICE } from "./exchange-failure.ts";
import { QueryFailure } from "./failure.ts";
import type { Trust } from "./trust.ts";

export interface Exchange {
  readonly endpoint: Endpoint;
  /** One line, with its newline. */
  readonly request: string;
  readonly trust: Trust;
  readonly times: ExchangeTimes;
  readonly limits?: AnswerLimits;
  /** Ends the exchange early; it then fails as `closed`. */
  readonly signal?: AbortSignal;
}

/** One request to xcatd's port and its answer, which ends at `serverdone`. Rejects with QueryFailure only. */
export function exchange({ limits, ...task }: Exchange): Promise<Exchanged<Answer>> {
  return converse({ ...task, advice: XCATD_ADVICE, reader: xcatdReader(new AnswerReader(limits)) });
}

function xcatdReader(reader: AnswerReader): Reader<Answer> {
  return {
    get bytes() {
      return reader.bytes;
    },
    push(chunk) {
      try {
        return reader.push(chunk);
      } catch (error) {
        throw describeAnswerError(error);
      }
    },
  };
}

/** What came is no answer. */
function describeAnswerError(error: unknown): QueryFailure {
  if (!(error instanceof AnswerError)) return describeUnreadable(error);
  if (error.kind === "too-large") {
    const remedy = "see what listens on that port; a litefile table of that size is an error";
    return new QueryFailure("too-large", error.message, remedy, { cause: error });
  }
  const remedy = "see what listens on that port: it speaks TLS, but not as xcatd does";
  return new QueryFailure("protocol", `this is no answer of xcatd's: ${error.message}`, remedy, {
    cause: error,
  });
}
