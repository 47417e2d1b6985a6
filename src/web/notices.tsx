import type { PresentProps } from './present.ts';
import { readinessSentences } from './readiness.ts';

/** What stands above every view: that the room is simulated, and what keeps the service from its work. */
export function Notices({ present }: PresentProps) {
  const tree = present.tree.answer.value;
  const ready = present.ready.answer.value;
  const sentences = ready.value && !ready.problem ? readinessSentences(ready.value) : [];
  return (
    <>
      {tree.value?.demo && <DemoNotice brokerUrl={ready.value?.broker.url} />}
      {tree.problem !== undefined && (
        <p class="notice notice-bad" role="alert">
          The room's layout could not be read: {tree.problem}. Asking again.
        </p>
      )}
      {sentences.map((sentence) => (
        <p class="notice notice-bad" role="alert" key={sentence}>
          {sentence}
        </p>
      ))}
    </>
  );
}

function DemoNotice({ brokerUrl }: { readonly brokerUrl: string | undefined }) {
  return (
    <details class="notice notice-demo">
      <summary>
        <span class="tag tag-demo">Demo</span>
        <span>
          This room is simulated: nothing here is your power. <span class="more">How to show your own</span>
        </span>
      </summary>
      <ul>
        <li>
          Start rackwatt with the address of your MQTT broker:{' '}
          <code>RACKWATT_MQTT_URL=mqtt://broker:1883 npm start</code>
        </li>
        <li>
          Without a broker: point a plug's MQTT settings at the built-in one
          {brokerUrl !== undefined && (
            <>
              {' '}
              (<code>{brokerUrl}</code>)
            </>
          )}
          . It listens on this machine only until <code>RACKWATT_BROKER_HOST=0.0.0.0</code> opens it to the
          network.
        </li>
      </ul>
    </details>
  );
}
