import { Component, type ReactNode } from "react";

interface CrashProps {
  children: ReactNode;
}

/** Stands in for a part of the page that fails: one that was there before the server's last release
 * cannot load what it has not loaded yet.
 */
export class Crash extends Component<CrashProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <section className="card empty" role="alert">
        <h1>This did not work.</h1>
        <p>The page may have been replaced by a newer one.</p>
        <button type="button" className="primary" onClick={() => location.reload()}>
          Reload
        </button>
      </section>
    );
  }
}
