// A new run: model, settings and mechanisms, with what it would take shown while they are changed. Not modal.
#pragma once

#include <QDialog>
#include <vector>

#include "gui/running/estimate.h"
#include "gui/running/mechanism_list.h"
#include "gui/running/model_list.h"
#include "gui/running/spec_form.h"
#include "gui/session/session.h"

class QLabel;
class QPushButton;

namespace headroom::gui {

class EstimatePanel;

class RunDialog : public QDialog {
  Q_OBJECT

 public:
  explicit RunDialog(Session& session, QWidget* parent = nullptr);

  // What is asked for; the mechanism is the first one checked.
  RunSpec spec() const;
  std::vector<RunSpec> runs() const;  // one for each mechanism
  void set_spec(const RunSpec& spec);

  ModelList& models() { return *models_; }
  SpecForm& form() { return *form_; }
  MechanismList& mechanisms() { return *mechanisms_; }
  const EstimatePanel& panel() const { return *panel_; }
  QString problem() const;  // that is shown; empty: none
  bool can_run() const;

  void run();

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void arrange();
  QWidget* make_columns();
  QLayout* make_buttons();
  void follow();  // a field changed
  bool show_what_is_wrong();
  void show_problem(const SpecProblem& problem);
  void ask();
  void take_first();
  void ask_next();
  void take_next();
  void tell_of_queue();
  void remember() const;
  void recall();

  Session& session_;
  ModelList* models_;
  SpecForm* form_;
  MechanismList* mechanisms_;
  EstimatePanel* panel_;
  QLabel *problem_, *queued_;
  QPushButton *run_, *fit_, *choose_program_;
  Estimate first_, others_;  // of the first mechanism; of the others, one after the other
  std::vector<std::string> waiting_;
  std::string shown_problem_;
  bool was_run_ = false;
};

}  // namespace headroom::gui
