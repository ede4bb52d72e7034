import { Component, type ReactNode } from "react";

/** What is shown when the program itself has failed. React asks for a class here. */
export class Mishap extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError = () => ({ failed: true });

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="alone" role="alert">
        <h1>Something broke</h1>
        <p>That is our fault. Nothing that you have written is lost.</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </main>
    );
  }
}
