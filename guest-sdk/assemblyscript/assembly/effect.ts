import { Refusal } from "./rejection";

/**
 * An event that is emitted. The collector does not see the event itself: it is written before there can be a collection.
 */
export class Emission {
  /** @internal */
  event: usize = 0;
  /** @internal The runtime's number of the event's class; 0 if there is no event. */
  id: u32 = 0;
  /** @internal */
  className: string = "";
  /** @internal */
  next: Emission | null = null;
}

/** What a decide answers with: made by accept, by nothing, or by a rejection's reject. Itself it is the first event. */
export class Effect extends Emission {
  /** @internal */
  refusal: Refusal | null = null;
  private last: Emission | null = null;

  /** @internal */
  static refusing(refusal: Refusal): Effect {
    const effect = new Effect();
    effect.refusal = refusal;
    return effect;
  }

  /** Emits one more event, after those that are there already. Gives the same effect. */
  and<E>(event: E): Effect {
    if (!isReference<E>() || isNullable<E>())
      ERROR("an event is an object, best of a class of its own that is decorated with @payload");
    let emission: Emission = this;
    if (this.id != 0) {
      emission = new Emission();
      const last = this.last;
      if (last === null) this.next = emission;
      else last.next = emission;
      this.last = emission;
    }
    emission.event = changetype<usize>(event);
    emission.id = idof<E>();
    emission.className = nameof<E>();
    return this;
  }
}

/**
 * Accepts the command and emits the event. More may follow, in this order: `accept(a).and(b)`. They are persisted all
 * together or not at all. Each is of a class that was registered as an event.
 */
export function accept<E>(event: E): Effect {
  return new Effect().and<E>(event);
}

/** Accepts the command without an event: it is answered, and nothing is persisted. Events may be added. */
export function nothing(): Effect {
  return new Effect();
}
