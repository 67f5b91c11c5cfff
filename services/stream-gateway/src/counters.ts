/** What the gateway counts as it goes: plain integers, for they are counted for every single message. */
export class Counters {
  messagesSent = 0;
  slowConsumers = 0;
  ticksConflated = 0;
  ticksReceived = 0;
  gapsDeclared = 0;
  liveBarMismatches = 0;
  upgradesRefused = 0;
}
